//! Tables, plots and figures of an evaluation.

use super::{Error, Result};
use comfy_table::Table;
use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

/// A mean with the ends of its interval.
pub type Interval = (f64, f64, f64);

/// What a method came to.
#[derive(Clone, Debug)]
pub struct Line {
	/// Its name.
	pub method: String,
	/// The damping chosen on held-out queries, if there was a choice.
	pub damping: Option<f64>,
	/// What was measured.
	pub value: Interval,
	/// The same over the best that can be reached, where that is known.
	pub of_ceiling: Option<f64>,
	/// Seconds to fit and to score the reported queries.
	pub seconds: f64,
}

/// Tables and figures, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Report {
	/// Title, and lines.
	pub tables: Vec<(String, Vec<Line>)>,
	/// Numbers by name.
	pub figures: BTreeMap<String, f64>,
}

impl Report {
	/// The mean of a method in a table whose title holds `title`.
	pub fn value(&self, title: &str, method: &str) -> Option<&Line> {
		let (_, lines) = self.tables.iter().find(|(name, _)| name.contains(title))?;
		lines.iter().find(|line| line.method == method)
	}

	/// Prints a table and keeps it.
	pub fn table(&mut self, title: &str, lines: Vec<Line>) {
		let mut table = Table::new();
		table.set_header(["method", "mean", "95 % interval", "of ceiling", "damping", "seconds"]);
		for line in &lines {
			let (mean, low, high) = line.value;
			table.add_row([
				line.method.clone(),
				format!("{mean:.4}"),
				format!("{low:.3} to {high:.3}"),
				line.of_ceiling.map_or(String::new(), |v| format!("{v:.3}")),
				line.damping.map_or(String::new(), |v| format!("{v}")),
				format!("{:.2}", line.seconds),
			]);
		}
		println!("\n{title}\n{table}");
		self.tables.push((title.into(), lines));
	}

	/// Writes a plot of each table beside the others, named after `name`.
	pub fn plots(&self, folder: &Path, name: &str) -> Result<()> {
		fs::create_dir_all(folder).map_err(|e| Error::file(folder, e))?;
		for (i, (title, lines)) in self.tables.iter().enumerate() {
			let path = folder.join(format!("{name}-{}.svg", i + 1));
			fs::write(&path, bars(title, lines)).map_err(|e| Error::file(&path, e))?;
		}
		Ok(())
	}
}

/// Bars with their intervals, as SVG.
fn bars(title: &str, lines: &[Line]) -> String {
	let (left, wide, tall) = (260.0, 420.0, 22.0);
	let values = || lines.iter().flat_map(|l| [l.value.0, l.value.1, l.value.2]);
	let (low, high) = (values().fold(0.0, f64::min), values().fold(1e-9, f64::max));
	let x = |v: f64| left + wide * (v - low) / (high - low);
	let height = tall * (lines.len() as f64 + 2.0);
	let mut svg = format!(
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" \
		 font-family=\"sans-serif\" font-size=\"12\">\n\
		 <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
		 <text x=\"8\" y=\"16\" font-weight=\"bold\">{}</text>\n",
		left + wide + 80.0,
		escaped(title),
	);
	for (i, line) in lines.iter().enumerate() {
		let (mean, from, to) = line.value;
		let y = tall * (i as f64 + 1.5);
		let (start, end) = (x(mean.min(0.0)), x(mean.max(0.0)));
		let middle = y + tall / 2.0 - 3.0;
		let _ = write!(
			svg,
			"<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n\
			 <rect x=\"{start:.1}\" y=\"{y}\" width=\"{:.1}\" height=\"{}\" fill=\"#4878a8\"/>\n\
			 <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"black\"/>\n\
			 <text x=\"{:.1}\" y=\"{}\">{mean:.3}</text>\n",
			left - 8.0,
			y + 13.0,
			escaped(&line.method),
			end - start,
			tall - 6.0,
			x(from),
			x(to),
			x(to.max(0.0)) + 6.0,
			y + 13.0,
		);
	}
	svg + "</svg>\n"
}

fn escaped(text: &str) -> String {
	text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn bars_should_reach_as_far_as_the_value() {
		let line = |method: &str, mean: f64| Line {
			method: method.into(),
			damping: None,
			value: (mean, mean - 0.1, mean + 0.1),
			of_ceiling: None,
			seconds: 0.0,
		};
		let svg = bars("a < b", &[line("one", 0.9), line("two", 0.4)]);
		assert!(svg.contains("a &lt; b") && svg.contains(">one<") && svg.contains("0.400"));
		// 0.9 of 1.0 of the width.
		assert!(svg.contains("width=\"378.0\""), "{svg}");
	}
}
