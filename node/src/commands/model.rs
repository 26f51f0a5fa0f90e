use super::{
	account, datanet,
	earnings::{receipts, Receipt},
	event, hash, open, show_open, Blobs, Common, Measure,
};
use crate::chain::{Chain, Result, Signer};
use openledger_blobs::Space;
use openledger_core::{BaseId, BatchId, DatanetId, ModelId, Version};
use openledger_factory::{
	adapter,
	base::{Pretraining, Use, SMALL},
	run::RowEntry,
	Base, Recipe, Wanted,
};
use openledger_influence::gradient::{self, Names};
use openledger_influence_math::Psi;
use openledger_onnx::ExecutionClass;
use openledger_worker::{PromptBlob, ResponseBlob};
use pallet_attribution::{Committees, Standing, Work};
use pallet_datanets::Row;
use pallet_models::{Call, Event, Price, Stage};
use polkadot_sdk::*;
use runtime::{AccountId, Hash, Runtime, RuntimeEvent};
use serde_json::{json, Value};
use sp_core::crypto::Ss58Codec;
use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

/// How models are stored on chain.
pub type Model = pallet_models::Model<AccountId, <Runtime as pallet_models::Config>::Consideration>;
/// How base models are stored on chain.
pub type BaseEntry =
	pallet_models::Base<AccountId, <Runtime as pallet_models::Config>::Consideration>;
/// How designs are stored on chain.
pub type Design =
	pallet_attribution::Design<AccountId, <Runtime as pallet_attribution::Config>::Consideration>;
type Published =
	pallet_datanets::Published<AccountId, <Runtime as pallet_datanets::Config>::Consideration>;

/// Base models, fine-tuning, prices and serving.
#[derive(Debug, clap::Subcommand)]
pub enum ModelCommand {
	/// Registers a base model: a published one out of a folder, or a small one that is trained on a text.
	///
	/// A folder is one as Hugging Face lays it out, with config.json, model.safetensors (float32, one
	/// file) and tokenizer.json, of GPT-2 or of the families of Llama, Mistral or Qwen2.
	Base {
		/// The folder, or the text; a text should hold nothing of what is fine-tuned on later.
		from: PathBuf,
		/// Training steps on a text.
		#[arg(long, default_value_t = 800)]
		steps: usize,
		/// Tokens that a published model looks at: training and serving take as long as there are.
		#[arg(long, default_value_t = 256)]
		context: usize,
		/// Rank of the adapters of a published model.
		#[arg(long, default_value_t = 8)]
		rank: usize,
		/// Where this machine serves blobs.
		#[arg(long, default_value = "http://127.0.0.1:8080")]
		endpoint: String,
	},
	/// Fine-tunes an adapter and its counterfactual ones on a version of a Datanet, and registers
	/// them; or the adapter alone, and its gradients.
	Train {
		/// The base model.
		#[arg(long, default_value_t = 0)]
		base: BaseId,
		/// The Datanet.
		#[arg(long)]
		datanet: DatanetId,
		/// Its version.
		#[arg(long, default_value_t = 1)]
		version: Version,
		/// How influence on its answers is measured.
		#[arg(long, value_enum, default_value_t)]
		method: Measure,
		/// Counterfactual adapters: two to three times the number of contributors; 16 by default. By
		/// gradients, how many numbers a feature has, the more the less chance decides; 256 by default.
		#[arg(long)]
		adapters: Option<u16>,
		/// How often each row is seen.
		#[arg(long, default_value_t = Recipe::default().epochs)]
		epochs: usize,
		/// The model version that this one improves on.
		#[arg(long)]
		parent: Option<ModelId>,
		/// Where your rows and adapters are served, for those who train some of them again; the base
		/// model's endpoint unless you say another.
		#[arg(long)]
		endpoint: Option<String>,
		/// Does not wait until a committee has trained drawn adapters again. Answers are paid for only
		/// then.
		#[arg(long)]
		no_wait: bool,
		/// $OPEN for a thousand tokens of prompt.
		#[arg(long, value_parser = open, default_value = "0.5")]
		input_price: u128,
		/// $OPEN for a thousand tokens of answer.
		#[arg(long, value_parser = open, default_value = "2")]
		output_price: u128,
	},
	/// Sets what answers cost.
	Price {
		/// The model version.
		model: ModelId,
		/// $OPEN for a thousand tokens of prompt.
		#[arg(long, value_parser = open)]
		input_price: u128,
		/// $OPEN for a thousand tokens of answer.
		#[arg(long, value_parser = open)]
		output_price: u128,
		/// Basis points of the developer's share that go to the contributors.
		#[arg(long, default_value_t = 0)]
		donation: u16,
	},
	/// Announces on chain that you serve a model version at an endpoint.
	Serve {
		/// The model version.
		model: ModelId,
		/// Where.
		#[arg(long, default_value = "http://127.0.0.1:8080")]
		endpoint: String,
	},
	/// Retires a model version: nobody starts to serve it, and its receipts are taken for a week
	/// more.
	Retire {
		/// The model version.
		model: ModelId,
	},
	/// Ends an operator of a version that was retired a week ago, and gives its deposit back.
	RemoveOperator {
		/// The model version.
		model: ModelId,
		/// The operator; yourself by default, at any time.
		#[arg(value_parser = account)]
		operator: Option<AccountId>,
	},
	/// Removes a version that was retired a week ago, has no operators and whose receipts are
	/// pruned, and gives its developer's deposits back.
	Remove {
		/// The model version.
		model: ModelId,
	},
	/// Gives up a run, or anybody's that is past its deadline, and gives its deposits back, but for a part of
	/// the version's bond once the subsets are drawn.
	CancelRun {
		/// The run.
		model: ModelId,
	},
	/// Removes a base model that nothing is based on, and gives its deposit back.
	RemoveBase {
		/// The base model.
		base: BaseId,
	},
	/// Measures base model and adapter on texts that were not learnt: nats per byte.
	Evaluate {
		/// The model version.
		model: ModelId,
		/// Files of one text a line.
		#[arg(required = true)]
		files: Vec<PathBuf>,
		/// Fails if the adapter is not better by so many nats per byte.
		#[arg(long)]
		at_least: Option<f64>,
	},
	/// Writes what others need to measure how well attribution of a model version follows the
	/// truth: the rows by their contributors, and every scored answer with what the runtime pays
	/// each of them. Reads prompts and answers from this machine's blobs, so the operator runs it.
	Export {
		/// The model version.
		model: ModelId,
		/// The file.
		#[arg(long, default_value = "model.json")]
		to: PathBuf,
	},
	/// Lets another committee train drawn adapters of a version again, as none has come to an end.
	Activate {
		/// The model version.
		model: ModelId,
	},
	/// Puts up a bond that adapters of an active version do not reproduce: a panel trains some again.
	Challenge {
		/// The model version.
		model: ModelId,
		/// Which adapter, up to eight times; 0 is the published one, the counterfactual ones follow in
		/// their order, or by gradients the map and then the rows of Ψ. Drawn ones if absent.
		#[arg(long)]
		adapter: Vec<u16>,
	},
	/// Shows a model version.
	Show {
		/// The model version.
		model: ModelId,
	},
}

/// Stores a base model's files, the manifest last, and registers it.
async fn register(
	chain: &Chain,
	common: &Common,
	signer: &Signer,
	files: Vec<([u8; 32], Vec<u8>)>,
	endpoint: pallet_models::Url,
) -> Result<()> {
	let store = common.store()?;
	let mut manifest = Hash::zero();
	for (_, file) in files {
		manifest = store.put(&file)?;
	}
	let call = Call::register_base { manifest, endpoint };
	let id = event(chain.send(signer, call).await?, |event| match event {
		RuntimeEvent::Models(Event::BaseRegistered { base, .. }) => Some(base),
		_ => None,
	})?;
	let text = format!("base model {id} registered, manifest {manifest:?}");
	common.print(text, json!({ "base": id, "manifest": manifest }));
	Ok(())
}

/// A run or model version.
pub async fn model(chain: &Chain, id: ModelId) -> Result<Model> {
	let key = pallet_models::Models::<Runtime>::hashed_key_for(id);
	chain.read(&key).await?.ok_or_else(|| format!("there is no model {id}").into())
}

async fn base_entry(chain: &Chain, id: BaseId) -> Result<BaseEntry> {
	let key = pallet_models::Bases::<Runtime>::hashed_key_for(id);
	chain
		.read(&key)
		.await?
		.ok_or_else(|| format!("there is no base model {id}").into())
}

/// The hash of a base model's manifest.
pub async fn base_manifest(chain: &Chain, id: BaseId) -> Result<Hash> {
	Ok(base_entry(chain, id).await?.manifest)
}

async fn published(chain: &Chain, datanet: DatanetId, version: Version) -> Result<Published> {
	let key = pallet_datanets::Versions::<Runtime>::hashed_key_for(datanet, version);
	let published = chain.read(&key).await?;
	published.ok_or_else(|| format!("Datanet {datanet} has no version {version}").into())
}

/// The rows of a published version by batch, and the block of each batch.
async fn rows(
	chain: &Chain,
	datanet: DatanetId,
	published: &Published,
) -> Result<(Vec<Vec<RowEntry>>, Vec<u16>)> {
	let mut of = BTreeMap::<BatchId, Vec<RowEntry>>::new();
	for (batch, Row { hash, bytes }) in datanet::rows(chain, datanet).await? {
		of.entry(batch).or_default().push(RowEntry { hash: hex::encode(hash), bytes });
	}
	let batches: Option<Vec<Vec<RowEntry>>> =
		published.batches.iter().map(|batch| of.remove(batch)).collect();
	let batches = batches.ok_or("a batch of the version is gone: publish a version without it")?;
	Ok((batches, published.block_of.to_vec()))
}

/// Waits until a committee has trained drawn adapters of a version again.
async fn tested(chain: &Chain, common: &Common, id: ModelId) -> Result<()> {
	let bar = common.bar("a committee trains drawn adapters again", 0);
	let design = pallet_attribution::Designs::<Runtime>::hashed_key_for(id);
	let committee = Committees::<Runtime>::hashed_key_for(Work::Training(id));
	let standing = chain
		.until(|| async {
			let design: Design = chain.read(&design).await?.ok_or("the design is gone")?;
			let committee: Option<pallet_attribution::Committee<AccountId>> =
				chain.read(&committee).await?;
			if let Some(committee) = &committee {
				bar.set_message(format!("{:?}", committee.stage));
			}
			let over = design.standing != Standing::Untested || committee.is_none();
			Ok(over.then_some(design.standing))
		})
		.await?;
	bar.finish_and_clear();
	match standing {
		Standing::Active => Ok(()),
		Standing::Void => Err(format!("the adapters of model {id} do not reproduce").into()),
		Standing::Untested => Err(format!(
			"no committee could train adapters of model {id} again: are its rows served at its \
			 endpoint, and are there scorers of its execution class? Then: openledger model activate \
			 {id}"
		)
		.into()),
	}
}

/// What is written of one answer: what was asked, its tokens, and what each block is paid, signed,
/// with its standard error, in wei.
async fn exported(
	chain: &Chain,
	store: &Blobs,
	id: Hash,
	receipt: &Receipt,
) -> Result<Option<Value>> {
	let view = pallet_attribution::AnswerItemsViewFunction::<Runtime>::new(id);
	let Some(items) = chain.view(view).await? else { return Ok(None) };
	let private = |hash: &Hash| store.0.get(Space::Private, &hash.0);
	let prompt: PromptBlob = serde_json::from_slice(&private(&receipt.prompt)?)?;
	let response: ResponseBlob = serde_json::from_slice(&private(&receipt.response)?)?;
	let items: Vec<(String, String)> = items
		.iter()
		.map(|(_, amount, error)| (amount.to_string(), error.to_string()))
		.collect();
	Ok(Some(json!({
		"receipt": id,
		"prompt": prompt.prompt,
		"temperature": prompt.temperature,
		"tokens": response.tokens,
		"items": items,
	})))
}

fn threads() -> usize {
	std::thread::available_parallelism().map_or(1, usize::from)
}

impl ModelCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let signer = common.signer()?;
		let url = |text: &str| {
			text.as_bytes().to_vec().try_into().map_err(|_| "a URL has at most 128 bytes")
		};
		match self {
			Self::Base { from, context, rank, endpoint, .. } if from.is_dir() => {
				let how = Use { context: *context, rank: *rank };
				let files = Base::publish(from, how)?;
				register(&chain, common, &signer, files, url(endpoint)?).await?;
			},
			Self::Base { from: text, steps, endpoint, .. } => {
				let content = std::fs::read_to_string(text)
					.map_err(|e| format!("{} cannot be read: {e}", text.display()))?;
				let bar = common.bar("base model", *steps as u64);
				let how = Pretraining { steps: *steps, ..Default::default() };
				let base = Base::train(
					SMALL,
					&content,
					how,
					threads(),
					&mut |done: usize, _: usize, loss: f32| {
						bar.set_position(done as u64);
						bar.set_message(format!("base model, loss {loss:.2}"));
					},
				)?;
				bar.finish_and_clear();
				register(&chain, common, &signer, base.files()?, url(endpoint)?).await?;
			},
			Self::Train {
				base,
				datanet,
				version,
				method,
				adapters,
				epochs,
				parent,
				endpoint,
				input_price,
				output_price,
				no_wait,
			} => {
				let adapters = adapters.unwrap_or(match method {
					Measure::Counterfactual => 16,
					Measure::Gradient => 256,
				});
				let store = common.store()?;
				let manifest = base_manifest(&chain, *base).await?;
				let model = Arc::new(store.base(&manifest)?);
				let published = published(&chain, *datanet, *version).await?;
				let recipe = Recipe { epochs: *epochs, ..Default::default() };
				let (batches, blocks) = rows(&chain, *datanet, &published).await?;
				let run = openledger_factory::Run {
					adapters,
					base: hex::encode(manifest),
					batches,
					datanet: *datanet,
					recipe,
					version: *version,
				};
				let endpoint = match endpoint {
					Some(endpoint) => url(endpoint)?,
					None => base_entry(&chain, *base).await?.endpoint,
				};
				let of_run = store.put(&serde_json::to_vec(&run)?)?;
				let call = Call::start_run {
					run: pallet_models::Run {
						base: *base,
						datanet: *datanet,
						version: *version,
						manifest: of_run,
						method: (*method).into(),
						adapters,
						class: ExecutionClass::current().id(),
						endpoint,
						parent: *parent,
					},
				};
				let id = event(chain.send(&signer, call).await?, |event| match event {
					RuntimeEvent::Models(Event::RunStarted { model, .. }) => Some(model),
					_ => None,
				})?;

				// While the chain draws the seed.
				let rows = run.rows(&model, &blocks, |hash| store.get(&Hash::from(*hash)))?;
				let bar = common.bar("waiting for the seed", pallet_attribution::DELAY.into());
				let key = pallet_attribution::Designs::<Runtime>::hashed_key_for(id);
				let design: Design = chain
					.until(|| async {
						bar.inc(1);
						let design: Option<Design> = chain.read(&key).await?;
						Ok(design.filter(|design| design.seed.is_some()))
					})
					.await?;
				bar.finish_and_clear();
				let seed = design.seed.ok_or("the design has no seed")?;
				let subsets = design.subsets().ok_or("the design has no seed")?;
				let wanted = Wanted::version(&subsets, design.blocks.len());

				let bar = common.bar("adapters", 1);
				let trained = run.train(
					&model,
					&rows,
					&wanted,
					threads(),
					&mut |done: usize, all: usize, loss: f32| {
						bar.set_length(all as u64);
						bar.set_position(done as u64);
						bar.set_message(format!("{} adapters, loss {loss:.2}", wanted.len()));
					},
				)?;
				bar.finish_and_clear();
				let mut hashes = Vec::new();
				for file in &trained {
					hashes.push(store.put(file)?);
				}
				let published = hashes.remove(0);
				let psi = match method {
					Measure::Counterfactual => {
						let sizes: Vec<u64> =
							design.blocks.iter().map(|block| block.bytes).collect();
						let psi = Psi::solve(&subsets, &sizes).map_err(|e| format!("Ψ: {e:?}"))?;
						psi.entries().to_vec()
					},
					Measure::Gradient => {
						let names = Names {
							adapter: published.0,
							manifest: of_run.0,
							seed: seed.0,
							columns: adapters,
						};
						let flat = adapter::from_file(&model, &trained[0])?;
						let count = design.blocks.len();
						// On one thread, as committees do it again.
						let solution = gradient::solve(model, flat, &rows, count, &names, 1)?;
						hashes = vec![store.put(&solution.map.to_file()?)?];
						solution.psi()
					},
				};
				let call = Call::register_version {
					model: id,
					adapter: published,
					adapters: hashes.try_into().map_err(|_| "there are too many adapters")?,
					psi: psi.try_into().map_err(|_| "Ψ is too large")?,
					price: Price { input: *input_price, output: *output_price, donation: 0 },
				};
				chain.send(&signer, call).await?;
				if !no_wait {
					tested(&chain, common, id).await?;
				}
				let beside = match method {
					Measure::Counterfactual => format!("{adapters} counterfactual ones"),
					Measure::Gradient => format!("a map to features of {adapters} numbers"),
				};
				let text = format!(
					"model {id} registered: adapter {published:?} and {beside} on {} rows",
					rows.len()
				);
				common
					.print(text, json!({ "model": id, "adapter": published, "rows": rows.len() }));
			},
			Self::Price { model, input_price, output_price, donation } => {
				let (input, output) = (*input_price, *output_price);
				let price = Price { input, output, donation: *donation };
				chain.send(&signer, Call::set_price { model: *model, price }).await?;
				common.print(format!("model {model} has a new price"), json!({ "model": model }));
			},
			Self::Serve { model, endpoint } => {
				let call = Call::serve { model: *model, endpoint: url(endpoint)? };
				chain.send(&signer, call).await?;
				let who = signer.account().to_ss58check();
				let text = format!("{who} serves model {model} at {endpoint}");
				common.print(text, json!({ "model": model, "endpoint": endpoint }));
			},
			Self::Retire { model } => {
				chain.send(&signer, Call::retire { model: *model }).await?;
				common.print(format!("model {model} is retired"), json!({ "model": model }));
			},
			Self::RemoveOperator { model, operator } => {
				let call = match operator {
					Some(operator) => {
						Call::remove_operator { model: *model, operator: operator.clone() }
					},
					None => Call::stop_serving { model: *model },
				};
				let who = operator.clone().unwrap_or_else(|| signer.account()).to_ss58check();
				chain.send(&signer, call).await?;
				let text = format!("{who} serves model {model} no more");
				common.print(text, json!({ "model": model, "operator": who }));
			},
			Self::Remove { model } => {
				chain.send(&signer, Call::remove_version { model: *model }).await?;
				common.print(format!("model {model} is removed"), json!({ "model": model }));
			},
			Self::CancelRun { model } => {
				chain.send(&signer, Call::cancel_run { model: *model }).await?;
				common.print(format!("run {model} is given up"), json!({ "model": model }));
			},
			Self::RemoveBase { base } => {
				chain.send(&signer, Call::remove_base { base: *base }).await?;
				common.print(format!("base model {base} is removed"), json!({ "base": base }));
			},
			Self::Evaluate { model: id, files, at_least } => {
				let entry = model(&chain, *id).await?;
				let Stage::Ready { adapter: hash } = entry.stage else {
					return Err(format!("model {id} is still trained").into());
				};
				let store = common.store()?;
				let manifest = base_manifest(&chain, entry.run.base).await?;
				let base = store.base(&manifest)?;
				let flat = adapter::from_file(&base, &store.get(&hash)?)?;
				let base = Arc::new(base);
				let mut scorer =
					openledger_influence::Scorer::new(base.clone(), &[flat], threads())?;
				let (mut bytes, mut texts, mut loss) = (0usize, 0usize, [0f64; 2]);
				for file in files {
					let content = std::fs::read_to_string(file)
						.map_err(|e| format!("{} cannot be read: {e}", file.display()))?;
					for line in content.lines().filter(|line| !line.is_empty()) {
						let y = scorer.log_probabilities(&[], &base.tokenizer.encode(line)?)?;
						loss.iter_mut().zip(y).for_each(|(sum, v)| *sum -= v);
						bytes += line.len();
						texts += 1;
					}
				}
				let [before, after] = loss.map(|sum| sum / bytes.max(1) as f64);
				let text = format!(
					"{texts} held-out texts: base {before:.3}, adapter {after:.3} nats per byte, {:.3} better",
					before - after
				);
				common.print(text, json!({ "base": before, "adapter": after, "texts": texts }));
				if at_least.is_some_and(|least| before - after < least) {
					return Err("the adapter has learnt too little".into());
				}
			},
			Self::Export { model: id, to } => {
				let (store, entry) = (common.store()?, model(&chain, *id).await?);
				let run = openledger_factory::Run::from_file(&store.get(&entry.run.manifest)?)?;
				let version = published(&chain, entry.run.datanet, entry.run.version).await?;
				let (_, blocks) = rows(&chain, entry.run.datanet, &version).await?;
				let mut texts = Vec::new();
				for (batch, block) in run.batches.iter().zip(blocks) {
					for row in batch {
						let content = store.get(&hash(&row.hash)?)?;
						let text = String::from_utf8(content)
							.map_err(|_| format!("row {} is not UTF-8", row.hash))?;
						texts.push((block, text));
					}
				}
				let all = receipts(&chain, Some(*id)).await?;
				let bar = common.bar("answers", all.len() as u64);
				let mut answers = Vec::new();
				for (receipt, paid) in &all {
					answers.extend(exported(&chain, &store, *receipt, paid).await?);
					bar.inc(1);
				}
				bar.finish_and_clear();
				let file = json!({
					"base": base_manifest(&chain, entry.run.base).await?,
					"recipe": run.recipe,
					"rows": texts,
					"answers": answers,
				});
				std::fs::write(to, serde_json::to_vec(&file)?)
					.map_err(|e| format!("{} cannot be written: {e}", to.display()))?;
				let text = format!(
					"{} rows and {} scored answers of model {id} are in {}",
					texts.len(),
					answers.len(),
					to.display()
				);
				common.print(text, json!({ "rows": texts.len(), "answers": answers.len() }));
			},
			Self::Activate { model } => {
				let call = pallet_attribution::Call::activate { model: *model };
				chain.send(&signer, call).await?;
				tested(&chain, common, *model).await?;
				common.print(format!("model {model} is active"), json!({ "model": model }));
			},
			Self::Challenge { model, adapter } => {
				let adapters = adapter
					.clone()
					.try_into()
					.map_err(|_| "a panel trains at most eight adapters")?;
				let call = pallet_attribution::Call::challenge_adapters { model: *model, adapters };
				chain.send(&signer, call).await?;
				common.print(
					format!("a panel trains adapters of model {model} again"),
					json!({ "model": model }),
				);
			},
			Self::Show { model: id } => {
				let model = model(&chain, *id).await?;
				let stage = match model.stage {
					Stage::Training { since } => format!("in training since block {since}"),
					Stage::Ready { adapter } => format!("ready, adapter {adapter:?}"),
				};
				let design = pallet_attribution::Designs::<Runtime>::hashed_key_for(id);
				let design: Option<Design> = chain.read(&design).await?;
				let standing = match design.map(|design| design.standing) {
					Some(Standing::Active) => {
						"active: drawn adapters were trained again bit by bit"
					},
					Some(Standing::Void) => "void: its adapters do not reproduce",
					Some(Standing::Untested) => {
						"not tested yet, or not any more: no answer is paid for"
					},
					None => "without a design",
				};
				let text = format!(
					"model {id} by {} on version {} of Datanet {}: {stage}, {standing}, {} / {} $OPEN per 1,000 tokens in / out",
					model.developer.to_ss58check(),
					model.run.version,
					model.run.datanet,
					show_open(model.price.input),
					show_open(model.price.output)
				);
				common.print(
					text,
					json!({ "model": id, "stage": stage, "standing": standing, "datanet": model.run.datanet,
					"version": model.run.version, "method": Measure::from(model.run.method),
					"adapters": model.run.adapters }),
				);
			},
		}
		Ok(())
	}
}
