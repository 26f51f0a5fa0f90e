//! `scripts/bench influence`: methods of attribution against retrainings.

use openledger_graph::Sgd;
use openledger_influence::eval::{
	model::Recipe, peers, report::Report, run, truth::Measure, Options as Evaluation,
};
use std::{collections::BTreeMap, env, fs, path::PathBuf, time::Instant};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const HELP: &str = "\
usage: scripts/bench influence [options]
  --arm NAME        digits-lr: softmax regression on scikit-learn's digits; digits-mlp: a network with
                    48 hidden units on them; digits: both; fashion: the rows of Fashion-MNIST by
                    SOURCE's protocol; fashion-groups: 64 contributors to 2,048 of them; all (all);
                    peers: beside dattri on the same checkpoints of digits-lr, digits-mlp and
                    fashion; peers-digits or peers-fashion: some of these
  --seed N          other seeds for every row, query, subset, retraining and projection (1)
  --quick           digits with fewer retrainings and one run, against thresholds: fails where one
                    is missed
  --recompute       makes kept retrainings anew
  --retrainings N   of each subset (the arm's)
  --runs N          trainings on all rows that gradient methods average (the arm's)
  --only TEXT       only methods whose names hold this
  --rank N          about how many gradients make a checkpoint's curvature (the arm's)
  --measure NAME    what of a query is explained: log, the log-probability of its label, which is what
                    answers are paid by; margin, log p/(1 - p) (log on digits, else margin)
  --digits FILE     digits.csv.gz of scikit-learn
  --fashion FOLDER  Fashion-MNIST (/usr/share/datasets/fashion-mnist, of Debian's
                    dataset-fashion-mnist)
  --python FILE     for peers: a Python with torch and dattri (python3)
  --output DIR      where influence.json and plots are written (bench-results)";

/// An evaluation's name in figures, and what it evaluates.
type Arm = (&'static str, Evaluation);

struct Options {
	arms: Vec<Arm>,
	quick: bool,
	/// The Python that has dattri, if its methods are run, too.
	python: Option<PathBuf>,
	output: PathBuf,
}

impl Options {
	fn parse() -> Result<Self> {
		let (mut given, mut flags) = (BTreeMap::new(), Vec::new());
		let mut args = env::args().skip(1);
		while let Some(name) = args.next() {
			match name.as_str() {
				"--help" => {
					println!("{HELP}");
					std::process::exit(0);
				},
				"--quick" | "--recompute" => flags.push(name),
				"--arm" | "--seed" | "--retrainings" | "--runs" | "--rank" | "--measure"
				| "--only" | "--digits" | "--fashion" | "--python" | "--output" => {
					let value =
						args.next().ok_or_else(|| format!("{name} has no value\n{HELP}"))?;
					given.insert(name, value);
				},
				_ => return Err(format!("there is no option {name}\n{HELP}").into()),
			}
		}
		let number = |name: &str| -> Result<Option<u64>> {
			let parse = |v: &String| v.parse().map_err(|_| format!("{name} cannot be {v}\n{HELP}"));
			Ok(given.get(name).map(parse).transpose()?)
		};
		let quick = flags.iter().any(|f| f == "--quick");
		let path = |name: &str, default: &str| {
			PathBuf::from(given.get(name).map_or(default, |v| v.as_str()))
		};
		let digits = Evaluation {
			data: path("--digits", "digits.csv.gz"),
			alike: Some(true),
			subsets: if quick { 30 } else { 50 },
			adapters: if quick { 180 } else { 240 },
			runs: if quick { 1 } else { 5 },
			rank: if quick { 512 } else { 2048 },
			..Evaluation::default()
		};
		let regression = Evaluation {
			recipe: Recipe { epochs: 40, ..digits.recipe },
			retrainings: 2,
			widths: [512, 512],
			..digits.clone()
		};
		let network =
			Evaluation { hidden: vec![48], retrainings: if quick { 2 } else { 5 }, ..digits };
		let fashion = Evaluation {
			data: path("--fashion", "/usr/share/datasets/fashion-mnist"),
			hidden: vec![512, 256, 128],
			recipe: Recipe {
				epochs: 20,
				batch: 64,
				rate: 0.03,
				sgd: Sgd { momentum: 0.9, decay: 1e-3 },
			},
			rows: 6144,
			queries: 100,
			subsets: 100,
			retrainings: 2,
			runs: 10,
			rank: 1536,
			// With the exponent two kilobytes.
			widths: [2047, 2047],
			more: false,
			measure: Measure::Margin,
			..Evaluation::default()
		};
		let groups = Evaluation {
			rows: 2048,
			subsets: 50,
			runs: 1,
			contributors: 64,
			adapters: 192,
			of_rows: false,
			..fashion.clone()
		};
		let fashion = Evaluation { of_contributors: false, ..fashion };
		let all = vec![
			("digits_lr", regression),
			("digits_mlp", network),
			("fmnist_mlp", fashion),
			("fmnist_groups", groups),
		];
		let wanted = match given.get("--arm").map(String::as_str) {
			None if quick => vec!["digits_lr", "digits_mlp"],
			None | Some("all") => vec!["digits_lr", "digits_mlp", "fmnist_mlp", "fmnist_groups"],
			Some("digits") => vec!["digits_lr", "digits_mlp"],
			Some("digits-lr") => vec!["digits_lr"],
			Some("digits-mlp") => vec!["digits_mlp"],
			Some("fashion") => vec!["fmnist_mlp"],
			Some("fashion-groups") => vec!["fmnist_groups"],
			Some("peers") => vec!["digits_lr", "digits_mlp", "fmnist_mlp"],
			Some("peers-digits") => vec!["digits_lr", "digits_mlp"],
			Some("peers-fashion") => vec!["fmnist_mlp"],
			Some(other) => return Err(format!("there is no arm {other}\n{HELP}").into()),
		};
		let peers = given.get("--arm").is_some_and(|arm| arm.starts_with("peers"));
		let python = peers.then(|| path("--python", "python3"));
		let mut arms: Vec<Arm> = all.into_iter().filter(|(n, _)| wanted.contains(n)).collect();
		for (_, arm) in &mut arms {
			arm.seed = number("--seed")?.unwrap_or(arm.seed);
			arm.retrainings = number("--retrainings")?.map_or(arm.retrainings, |v| v as usize);
			arm.runs = number("--runs")?.map_or(arm.runs, |v| v as usize);
			// The runs that are compared are one.
			arm.runs = if peers { 1 } else { arm.runs };
			arm.rank = number("--rank")?.map_or(arm.rank, |v| v as usize);
			arm.only = given.get("--only").cloned();
			match given.get("--measure").map(String::as_str) {
				None => {},
				Some("log") => arm.measure = Measure::LogProbability,
				Some("margin") => arm.measure = Measure::Margin,
				Some(other) => return Err(format!("there is no measure {other}\n{HELP}").into()),
			}
			arm.recompute = flags.iter().any(|f| f == "--recompute");
		}
		Ok(Self { arms, quick, python, output: path("--output", "bench-results") })
	}
}

/// The figures of an arm by the names that they have in influence.json.
fn figures(name: &str, arm: &Evaluation, report: &Report) -> BTreeMap<String, f64> {
	let mut all = BTreeMap::new();
	for (figure, value) in &report.figures {
		all.insert(format!("{name}_{figure}"), *value);
	}
	let runs = if arm.runs == 1 { "1 run".to_string() } else { format!("{} runs", arm.runs) };
	let one = format!("unrolled, 1 run, D = {}", arm.widths[0]);
	let many = match arm.runs {
		1 => one.clone(),
		_ => format!("unrolled, {runs}, D = {}", arm.widths[1]),
	};
	let integers = |method: &str| format!("{method}, integers");
	let counterfactual = format!("counterfactual, K = {}", arm.adapters);
	let controlled = format!("with gradients, K = {}", arm.adapters);
	let mut add = |figure: &str, title: &str, method: &str, of_ceiling: bool| {
		if let Some(line) = report.value(title, method) {
			let value = if of_ceiling { line.of_ceiling } else { Some(line.value.0) };
			value.map(|value| all.insert(format!("{name}_{figure}"), value));
		}
	};
	add("lds", "LDS of rows", &integers(&many), false);
	add("float_lds", "LDS of rows", &many, false);
	add("lds_1", "LDS of rows", &integers(&one), true);
	add(&format!("lds_{}", arm.runs), "LDS of rows", &integers(&many), true);
	add("source_lds_1", "LDS of rows", "SOURCE, EK-FAC", true);
	add("ekfac_lds_1", "LDS of rows", "EK-FAC", true);
	let few = format!("with gradients, K = {}", arm.contributors);
	for (figure, method) in
		[("group_lds", &controlled), ("group_lds_few", &few), ("group_lds_psi", &counterfactual)]
	{
		add(figure, "contributors: ", method, false);
		add(&format!("{figure}_of_ceiling"), "contributors: ", method, true);
	}
	add("mislabel_auc", "Area under the curve", "unrolled, 1 run", false);
	add("mislabelled_share", "blocks with wrong labels", &counterfactual, false);
	add("junk_share", "blocks of noise", &counterfactual, false);
	add("mislabelled_share_controlled", "blocks with wrong labels", &controlled, false);
	add("junk_share_controlled", "blocks of noise", &controlled, false);
	add("l1_k16", "L1 error", "counterfactual, K = 16", false);
	if let Some(line) = report.value("LDS of rows", "unrolled, 1 run") {
		all.insert(format!("{name}_features_per_second"), arm.rows as f64 / line.seconds);
	}
	let value = |figure: &str| all.get(&format!("{name}_{figure}")).copied();
	if let (Some(float), Some(integer)) = (value("float_lds"), value("lds")) {
		all.insert(format!("{name}_quantisation_loss"), float - integer);
	}
	all
}

/// Figures that have a name of their own, too.
const NAMES: [(&str, &str); 19] = [
	("fmnist_reliability", "fmnist_mlp_reliability"),
	("source_lds_1", "fmnist_mlp_source_lds_1"),
	("ekfac_lds_1", "fmnist_mlp_ekfac_lds_1"),
	("fmnist_group_lds", "fmnist_groups_group_lds"),
	("quantisation_loss", "digits_mlp_quantisation_loss"),
	("mislabel_auc", "digits_mlp_mislabel_auc"),
	("mislabelled_share", "digits_mlp_mislabelled_share"),
	("junk_share", "digits_mlp_junk_share"),
	("coverage", "digits_mlp_coverage_k16"),
	("gradient_over_training_step", "fmnist_mlp_gradient_over_training_step"),
	("features_per_second", "fmnist_mlp_features_per_second"),
	("trained_per_second", "fmnist_mlp_trained_per_second"),
	("dattri_lds", "fmnist_mlp_dattri_lds"),
	("ours_lds_same_checkpoints", "fmnist_mlp_ours_lds_same_checkpoints"),
	("best_lds_same_checkpoints", "fmnist_mlp_best_lds_same_checkpoints"),
	("pytorch_features_per_second", "fmnist_mlp_pytorch_features_per_second"),
	("pytorch_gradients_per_second", "fmnist_mlp_pytorch_gradients_per_second"),
	("projected_per_second", "fmnist_mlp_projected_per_second"),
	("pytorch_projected_per_second", "fmnist_mlp_pytorch_projected_per_second"),
];

/// What a quick run must reach: at least, or at most.
const THRESHOLDS: [(&str, f64, bool); 10] = [
	("digits_lr_lds", 0.90, true),
	("digits_mlp_lds", 0.70, true),
	("digits_lr_quantisation_loss", 0.005, false),
	("digits_mlp_quantisation_loss", 0.005, false),
	("digits_lr_mislabel_auc", 0.99, true),
	("digits_mlp_mislabel_auc", 0.99, true),
	("digits_lr_mislabelled_share", 0.01, false),
	("digits_lr_junk_share", 0.01, false),
	("digits_mlp_mislabelled_share", 0.01, false),
	("digits_mlp_junk_share", 0.05, false),
];

fn main() -> Result<()> {
	let options = Options::parse()?;
	let mut all = BTreeMap::new();
	let start = Instant::now();
	for (name, arm) in &options.arms {
		println!("\n== {name}");
		if let Some(python) = &options.python {
			let folder = tempfile::tempdir()?;
			let report = peers::run(arm, python, folder.path())?;
			all.extend(figures(name, arm, &report));
			continue;
		}
		let report = run(arm)?;
		report.plots(&options.output, &format!("influence-{name}"))?;
		all.extend(figures(name, arm, &report));
	}
	for (name, of) in NAMES {
		if let Some(value) = all.get(of).copied() {
			all.insert(name.into(), value);
		}
	}
	println!("\n{:.0} s", start.elapsed().as_secs_f64());
	let name = if options.quick { "influence-quick.json" } else { "influence.json" };
	let path = options.output.join(name);
	// Figures of other arms stay.
	let mut kept: BTreeMap<String, f64> = fs::read(&path)
		.ok()
		.and_then(|b| serde_json::from_slice(&b).ok())
		.unwrap_or_default();
	kept.extend(all.clone());
	fs::write(&path, serde_json::to_vec_pretty(&kept)?)?;
	for (figure, value) in &all {
		println!("{figure:40} {value:.4}");
	}
	let measured = |name: &str| options.arms.iter().any(|(arm, _)| name.starts_with(arm));
	let missed = |(figure, bound, least): &(&str, f64, bool)| {
		let Some(value) = all.get(*figure) else {
			return Some(format!("{figure} was not measured"));
		};
		let missed = if *least { value < bound } else { value > bound };
		missed.then(|| format!("{figure} is {value:.4}, the threshold {bound}"))
	};
	let thresholds = THRESHOLDS.iter().filter(|(figure, ..)| options.quick && measured(figure));
	let missed: Vec<String> = thresholds.filter_map(missed).collect();
	if !missed.is_empty() {
		return Err(missed.join("\n").into());
	}
	Ok(())
}
