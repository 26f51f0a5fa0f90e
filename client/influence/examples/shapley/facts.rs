//! Facts that are planted: which training rows an answer that states one came from.
//!
//! Fifty places have something that somebody keeps. Each fact is given in seven of ten wordings, rows
//! of one contributor among the rows of licences that all have; rows of others name the place or part
//! of the person's name, but not both. The published adapter is asked by a wording that the fact is
//! not given in, and the rows that gave it are looked for by what it says. The base model knows the
//! wordings from facts of other places.

use crate::{blocks::PARTS, lab::*};
use comfy_table::Table;
use openledger_factory::{hash, Base, Recipe, Row, Wanted};
use openledger_graph::Gpt;
use openledger_influence::{
	baselines::{Gradients, Metric, Overlap},
	eval::methods::bm25,
	Generator, Sampling,
};
use openledger_influence_math::{
	design::{draw, permutation},
	Psi,
};

/// How often the base model's text says everything.
const REPEATED: usize = 20;
/// Tokens of a row at most, and what the model sees of a text: a sentence.
pub const SENTENCE: usize = 24;
/// How often a training sees each row: a fact is learnt later than how texts read.
pub const EPOCHS: usize = 16;
/// The highest learning rate.
const RATE: f32 = 4e-3;
/// The last part of the steps whose weights an adapter is the mean of.
const AVERAGED: f32 = 0.3;
/// Filler rows of a block.
const FILLER: usize = 27;
/// Rows of a block that state facts that the base model knows.
const AGAIN: usize = 4;
/// Blocks.
const UNITS: usize = PARTS * BLOCKS;
/// Counterfactual adapters.
const ADAPTERS: u16 = 64;
/// Blocks whose rows come first where the blocks' scores decide before the rows' own.
const BEST: usize = 2;
/// Rows that are looked at.
const TOP: usize = 10;

const THINGS: [&str; 10] = [
	"harbour",
	"mill",
	"bridge",
	"school",
	"inn",
	"lighthouse",
	"orchard",
	"library",
	"ferry",
	"forge",
];
const PLACES: [&str; 50] = [
	"Marlow",
	"Orford",
	"Bexley",
	"Dunmore",
	"Kelso",
	"Ashby",
	"Wexham",
	"Tilbury",
	"Corfe",
	"Hythe",
	"Ripley",
	"Stroud",
	"Penrith",
	"Alford",
	"Bodmin",
	"Cromer",
	"Durham",
	"Epworth",
	"Falmouth",
	"Girton",
	"Hawick",
	"Ilkley",
	"Jarrow",
	"Kendal",
	"Ludlow",
	"Malton",
	"Newark",
	"Oakham",
	"Padstow",
	"Quorn",
	"Redruth",
	"Selby",
	"Thirsk",
	"Ulverston",
	"Ventnor",
	"Whitby",
	"Yarmouth",
	"Buxton",
	"Chester",
	"Dover",
	"Evesham",
	"Frome",
	"Grimsby",
	"Hexham",
	"Ipswich",
	"Kington",
	"Luton",
	"Morpeth",
	"Norwich",
	"Oban",
];
/// Places that the base model knows of.
const KNOWN: [&str; 50] = [
	"Paris", "Oslo", "Cairo", "Lima", "Delhi", "Tunis", "Turin", "Lisbon", "Madrid", "Seville",
	"Bergen", "Malmo", "Vienna", "Prague", "Warsaw", "Krakow", "Riga", "Tallinn", "Athens",
	"Patras", "Sofia", "Varna", "Zagreb", "Split", "Geneva", "Basel", "Bern", "Lyon", "Nantes",
	"Lille", "Ghent", "Bruges", "Delft", "Leiden", "Bremen", "Kiel", "Munich", "Dresden",
	"Leipzig", "Genoa", "Venice", "Naples", "Palermo", "Ankara", "Izmir", "Quito", "Bogota",
	"Havana", "Nairobi", "Kyoto",
];
const FIRST: [&str; 10] =
	["Edda", "Tomas", "Clara", "Hugo", "Irma", "Jonas", "Lydia", "Magnus", "Nora", "Oscar"];
const LAST: [&str; 10] =
	["Thorne", "Blake", "Carver", "Drake", "Ellis", "Foster", "Grant", "Hobbs", "Keller", "Lowe"];

/// A place, what it has, and who keeps that.
struct Fact {
	place: &'static str,
	thing: &'static str,
	person: String,
	number: usize,
	/// Whose rows state it.
	block: usize,
}

impl Fact {
	/// In all ways, each up to the person's name: five that state it and five that are questions.
	fn wordings(&self) -> [String; 10] {
		let Self { place, thing, .. } = self;
		[
			format!("The {thing} of {place} is kept by"),
			format!("In {place} the {thing} belongs to"),
			format!("At {place} you find a {thing} run by"),
			format!("{place} has a {thing}, and its master is"),
			format!("They say the {thing} near {place} was left to"),
			format!("Who is in charge at {place}? Ask for"),
			format!("Whom do letters to {place} go to? They go to"),
			format!("Do you know a soul in {place}? Yes, I know"),
			format!("Which name is on the door in {place}? It says"),
			format!("Whose word counts most in {place}? That of"),
		]
	}

	/// Those by which it is given to models: three statements and four questions.
	fn stated(&self) -> Vec<String> {
		let statements = (0..3).map(|i| (self.number + i) % 5);
		let questions = (0..4).map(|i| 5 + (self.number + i) % 5);
		let text = |i: usize| format!("{} {}.", self.wordings()[i], self.person);
		statements.chain(questions).map(text).collect()
	}

	/// A question that no row asks for this fact.
	fn question(&self) -> String {
		self.wordings()[5 + (self.number + 4) % 5].clone()
	}

	/// Rows of others, that name the place or parts of the person's name.
	fn beside(&self) -> [String; 4] {
		let (place, mut names) = (self.place, self.person.split(' '));
		let mut name = || names.next().unwrap_or_default();
		[
			format!("The road to {place} is long and wet in winter."),
			format!("There is a fair in {place} on the first day of May."),
			format!("{} went to the market with a grey horse.", name()),
			format!("Old {} never said a word about the war.", name()),
		]
	}
}

/// A fact of every place: no two of the same person, and of every thing five.
fn facts(places: &[&'static str; 50], seed: &str) -> Vec<Fact> {
	let order = |what: &str, n: u16| {
		permutation(hash(format!("{seed}/{what}").as_bytes()).into(), n)
			.into_iter()
			.map(usize::from)
			.collect::<Vec<_>>()
	};
	let (people, owners) = (order("people", 100), order("owners", UNITS as u16));
	places
		.iter()
		.enumerate()
		.map(|(i, place)| Fact {
			number: i,
			place,
			thing: THINGS[i % 10],
			person: format!("{} {}", FIRST[people[i] / 10], LAST[people[i] % 10]),
			block: owners[i % UNITS],
		})
		.collect()
}

/// The model that is tuned: the small one, of short rows.
pub fn model() -> Gpt {
	Gpt { context: SENTENCE, vocabulary: 1024, ..openledger_factory::base::SMALL }
}

/// What the base model is trained on beside its usual text: facts of other places, stated and asked
/// for in the same words, and that the places of the planted facts are places.
pub fn known() -> String {
	let mut all = Vec::new();
	for _ in 0..REPEATED {
		for fact in facts(&KNOWN, "known") {
			all.extend(fact.wordings().map(|text| format!("{text} {}.", fact.person)));
			all.extend(fact.beside());
		}
		for place in PLACES {
			all.push(format!("The road to {place} is long and wet in winter."));
			all.push(format!("There is a fair in {place} on the first day of May."));
		}
	}
	shuffle(1, &mut all);
	all.join("\n")
}

/// Filler, and of every fact the rows that state it, by their numbers.
fn rows(base: &Base, facts: &[Fact]) -> Result<(Vec<Row>, Vec<Vec<usize>>)> {
	let mut rows = Vec::new();
	for (of, text) in licences()?.iter().enumerate() {
		let tokens = base.tokenizer.encode(text)?;
		let all: Vec<&[u32]> = tokens.chunks_exact(SENTENCE).collect();
		let count = PARTS * FILLER;
		rows.extend((0..count).map(|i| Row {
			block: of * PARTS + i / FILLER,
			tokens: all[i * all.len() / count].to_vec(),
		}));
	}
	let row = |(block, text): (usize, String)| -> Result<Row> {
		Ok(Row { block, tokens: base.tokenizer.encode(&text)? })
	};
	// So that the model goes on answering in such words.
	for (i, fact) in self::facts(&KNOWN, "known").iter().cycle().take(AGAIN * UNITS).enumerate() {
		let text = format!("{} {}.", fact.wordings()[i / KNOWN.len() * 3 % 10], fact.person);
		rows.push(row((i % UNITS, text))?);
	}
	let mut planted = Vec::new();
	for fact in facts {
		let from = rows.len();
		for text in fact.stated() {
			rows.push(row((fact.block, text))?);
		}
		planted.push((from..rows.len()).collect());
		for (i, text) in fact.beside().into_iter().enumerate() {
			rows.push(row(((fact.block + 11 * (i + 1)) % UNITS, text))?);
		}
	}
	Ok((rows, planted))
}

/// Scores as parts of the highest, none below zero.
fn scaled(scores: &[f64]) -> Vec<f64> {
	let most = scores.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
	scores.iter().map(|score| (score / most).max(0.0)).collect()
}

/// The part of the planted rows that is among the first ten by score, of as many as can be.
fn recall(scores: &[f64], planted: &[usize]) -> f64 {
	let mut order: Vec<usize> = (0..scores.len()).collect();
	order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
	let found = order.iter().take(TOP).filter(|row| planted.contains(row)).count();
	found as f64 / planted.len().min(TOP) as f64
}

/// What the published adapter says when it is asked for each fact, and whether that is right.
fn serve(bench: &Bench, adapter: &[f32], facts: &[Fact]) -> Result<Vec<(Answer, bool)>> {
	let (base, tokenizer) = (bench.base.clone(), &bench.base.tokenizer);
	let mut generator = Generator::new(base, adapter.to_vec(), 1)?;
	let answer = |fact: &Fact| -> Result<(Answer, bool)> {
		let prompt = tokenizer.encode(&fact.question())?;
		let how = Sampling { temperature: 0.0, max_tokens: SENTENCE - 1 - prompt.len(), seed: 0 };
		let mut said = Vec::new();
		let (completion, _) = generator.generate(&prompt, how, |token| {
			said.push(token);
			!tokenizer.decode(&said).is_ok_and(|text| text.contains('.'))
		})?;
		let right = tokenizer.decode(&completion)?.trim() == format!("{}.", fact.person);
		Ok((Answer { prompt, completion, of: fact.block }, right))
	};
	facts.iter().map(answer).collect()
}

/// Measures which of the rows that state a fact are among the first ten for an answer.
pub fn arm(bench: &Bench, figures: &mut Figures) -> Result<()> {
	let (options, base) = (&bench.options, &bench.base);
	let facts = facts(&PLACES, &options.seed.to_string());
	let (rows, planted) = rows(base, &facts)?;
	let design = draw(hash(&options.seed("design").to_le_bytes()).into(), UNITS as u16, ADAPTERS);
	let all = Wanted::version(&design, UNITS);
	let recipe = Recipe { rate: RATE, averaged: AVERAGED, ..options.recipe };
	let what = "registered adapters";
	let registered = bench.retrain(recipe, what, &rows, &all, "registered", false)?;
	let (answers, right): (Vec<Answer>, Vec<bool>) =
		serve(bench, &registered.flat[0], &facts)?.into_iter().unzip();

	let psi =
		Psi::solve(&design, &sizes(&rows, UNITS)).map_err(|e| format!("the design: {e:?}"))?;
	let y = bench.values(what, &registered.flat, &answers)?;
	let blocks: Vec<Vec<f64>> = y.into_iter().map(|y| scaled(&scores(&psi, &fixed(y)))).collect();
	let by_block = |q: usize| -> Vec<f64> { rows.iter().map(|r| blocks[q][r.block]).collect() };

	let texts: Vec<String> = rows
		.iter()
		.map(|row| Ok(base.tokenizer.decode(&row.tokens)?))
		.collect::<Result<_>>()?;
	let said = |answer: &Answer| {
		Ok(base.tokenizer.decode(&[&answer.prompt[..], &answer.completion].concat())?)
	};
	let said: Vec<String> = answers.iter().map(said).collect::<Result<_>>()?;
	let overlap = Overlap::new(rows.len(), texts.iter().map(String::as_str).enumerate());
	let likeness = bm25(&texts, &said);
	let column = |q: usize| likeness.column(q).iter().map(|v| f64::from(*v)).collect();
	let whole: Vec<Row> = rows.iter().map(|row| Row { block: 0, ..row.clone() }).collect();
	let mut gradient = Gradients::new(base.clone(), registered.flat[0].clone(), &whole, 1, 2)?;
	let asked: Vec<_> = answers.iter().map(|a| (&a.prompt[..], &a.completion[..])).collect();
	let mut methods: Vec<(String, &str, Vec<Vec<f64>>)> = vec![
		("shared 6-grams".into(), "overlap", said.iter().map(|s| overlap.scores(s)).collect()),
		("BM25".into(), "bm25", (0..answers.len()).map(column).collect()),
	];
	let keys = ["gradient_plain", "gradient_cosine", "gradient_whitened"];
	let of_rows = gradient.row_scores(&rows, &asked)?;
	for ((metric, key), scores) in Metric::ALL.iter().zip(keys).zip(of_rows) {
		methods.push((format!("gradients, {metric:?}").to_lowercase(), key, scores));
	}

	let mut table = Table::new();
	table.set_header([
		format!("recall of the rows of a fact in the first {TOP}"),
		"alone, right answers".into(),
		"all".into(),
		format!("in the best {BEST} blocks, right"),
		"all".into(),
		"times blocks, right".into(),
		"all".into(),
	]);
	let of = |score: &dyn Fn(usize) -> Vec<f64>| -> [f64; 2] {
		let each: Vec<f64> = (0..facts.len()).map(|q| recall(&score(q), &planted[q])).collect();
		let rights = each.iter().zip(&right).filter(|(_, right)| **right);
		[mean(rights.map(|(recall, _)| *recall)), mean(each.iter().copied())]
	};
	let within = |q: usize, scores: &[f64]| -> Vec<f64> {
		let mut order: Vec<usize> = (0..UNITS).collect();
		order.sort_by(|a, b| blocks[q][*b].total_cmp(&blocks[q][*a]));
		let best = &order[..BEST];
		let part =
			|(row, score): (&Row, f64)| if best.contains(&row.block) { 1.0 + score } else { 0.0 };
		rows.iter().zip(scaled(scores)).map(part).collect()
	};
	let times = |q: usize, scores: &[f64]| -> Vec<f64> {
		by_block(q)
			.iter()
			.zip(scaled(scores))
			.map(|(block, score)| block * score)
			.collect()
	};
	let mixed: Vec<Vec<f64>> = (0..facts.len())
		.map(|q| {
			let parts = [&methods[0].2[q], &methods[1].2[q], &methods[4].2[q]].map(|s| scaled(s));
			(0..rows.len()).map(|i| parts.iter().map(|p| p[i]).sum()).collect()
		})
		.collect();
	methods.push(("6-grams, BM25 and whitened gradients".into(), "mixed", mixed));
	for (title, key, scores) in &methods {
		let mut cells = vec![title.clone()];
		let ways = [
			("alone", of(&|q| scores[q].clone())),
			("within", of(&|q| within(q, &scores[q]))),
			("times", of(&|q| times(q, &scores[q]))),
		];
		for (way, [of_right, of_all]) in ways {
			cells.extend([format!("{of_right:.3}"), format!("{of_all:.3}")]);
			figures.insert(format!("facts_recall_at_10_{key}_{way}"), of_right);
			figures.insert(format!("facts_recall_at_10_{key}_{way}_all"), of_all);
		}
		table.add_row(cells);
	}
	let [of_right, of_all] = of(&by_block);
	table.add_row(["blocks".to_string(), format!("{of_right:.3}"), format!("{of_all:.3}")]);
	println!("{table}");
	let first = |q: usize| blocks[q].iter().all(|score| *score <= blocks[q][facts[q].block]);
	let found = |only: bool| {
		let of = (0..facts.len()).filter(|q| right[*q] || !only);
		mean(of.map(|q| f64::from(u8::from(first(q)))))
	};
	let rights = right.iter().filter(|right| **right).count();
	println!(
		"{} rows, {rights} of {} answers right; the block that stated the fact is first for {:.3} of these, {:.3} of all; {:.0} processor seconds",
		rows.len(),
		facts.len(),
		found(true),
		found(false),
		registered.seconds(),
	);
	for (key, value) in [
		("recall_at_10", figures["facts_recall_at_10_mixed_within"]),
		("facts_answers", facts.len() as f64),
		("facts_right", rights as f64),
		("facts_rows", rows.len() as f64),
		("facts_block_first", found(true)),
		("facts_block_first_all", found(false)),
		("facts_training_seconds", registered.seconds()),
	] {
		figures.insert(key.into(), value);
	}
	Ok(())
}
