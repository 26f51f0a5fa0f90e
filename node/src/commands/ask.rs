use super::{model::model, open, show_open, Common};
use crate::chain::{Chain, Result, Signer};
use codec::Encode;
use openledger_core::{ModelId, Request};
use openledger_openlora::{Paid, PromptBlob};
use pallet_attribution::Call;
use pallet_models::{Stage, Url};
use polkadot_sdk::*;
use runtime::{AccountId, Runtime};
use serde_json::{json, Value};
use sp_core::crypto::Ss58Codec;
use std::path::PathBuf;

/// Pays for an answer of a model: funds a channel to its operator if need be, signs the request,
/// sends it, prints the answer and its receipt.
#[derive(Debug, clap::Args)]
pub struct AskCommand {
	/// The model version.
	model: ModelId,
	/// The question, or the beginning of a text.
	#[arg(required_unless_present = "file")]
	prompt: Option<String>,
	/// Asks once for every line of a file instead.
	#[arg(long, conflicts_with = "prompt")]
	file: Option<PathBuf>,
	/// Words of each line that are asked; the model goes on from there.
	#[arg(long, default_value_t = 12)]
	words: usize,
	/// Tokens of the answer at most.
	#[arg(long, default_value_t = 48)]
	max_tokens: usize,
	/// Zero takes the most likely token.
	#[arg(long, default_value_t = 0.7)]
	temperature: f32,
	/// Seeds the draws.
	#[arg(long, default_value_t = 0)]
	seed: u64,
	/// The most that one answer may cost, in $OPEN.
	#[arg(long, value_parser = open, default_value = "1")]
	maximum: u128,
	/// What is set aside when the channel is too low, in $OPEN.
	#[arg(long, value_parser = open, default_value = "20")]
	fund: u128,
}

impl AskCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let chain = common.chain().await?;
		let signer = common.signer()?;
		let entry = model(&chain, self.model).await?;
		let Stage::Ready { adapter } = entry.stage else {
			return Err(format!("model {} is still trained", self.model).into());
		};
		if entry.retired.is_some() {
			return Err(format!("model {} was retired by its developer", self.model).into());
		}
		let (operator, endpoint) = operator(&chain, self.model).await?;
		let prompts: Vec<String> = match (&self.prompt, &self.file) {
			(Some(prompt), _) => vec![prompt.clone()],
			(None, Some(file)) => std::fs::read_to_string(file)
				.map_err(|e| format!("{} cannot be read: {e}", file.display()))?
				.lines()
				.map(|line| line.split(' ').take(self.words).collect::<Vec<_>>().join(" "))
				.collect(),
			(None, None) => return Err("give a prompt or --file".into()),
		};
		let bar = common.bar("answers", prompts.len() as u64);
		let mut answers = Vec::new();
		for (i, prompt) in prompts.iter().enumerate() {
			let nonce = self.channel(&chain, &signer, &operator, &endpoint).await? + 1;
			let blob = serde_json::to_string(&PromptBlob {
				salt: hex::encode(Signer::random()),
				prompt: prompt.clone(),
				temperature: self.temperature,
				max_tokens: self.max_tokens,
				seed: self.seed + i as u64,
			})?;
			let request = Request {
				genesis: chain.genesis,
				payer: signer.account(),
				operator: operator.clone(),
				model: self.model,
				adapter,
				prompt: openledger_blobs::hash(blob.as_bytes()).into(),
				maximum: self.maximum,
				nonce,
				expiry: chain.number().await? + 1_000,
			};
			let paid = Paid {
				blob,
				request: hex::encode(request.encode()),
				signature: hex::encode(signer.sign(&request.payload()).encode()),
			};
			let body = json!({ "model": format!("model:{}", self.model), "openledger": paid });
			let url = format!("{endpoint}/v1/completions");
			let answer = reqwest::Client::new().post(&url).json(&body).send().await?;
			let status = answer.status();
			let answer: Value = answer.json().await?;
			let Some(text) = answer["choices"][0]["text"].as_str() else {
				let why = answer["error"]["message"].as_str().unwrap_or("no reason given");
				return Err(format!("{url} answered {status}: {why}").into());
			};
			bar.inc(1);
			answers.push((request.id(), prompt.clone(), text.to_string()));
		}
		bar.set_message("receipts on chain");
		for (id, ..) in &answers {
			let key = pallet_attribution::Receipts::<Runtime>::hashed_key_for(id);
			chain
				.until(|| async {
					let receipt: Option<super::earnings::Receipt> = chain.read(&key).await?;
					Ok(receipt.map(|_| ()))
				})
				.await?;
		}
		bar.finish_and_clear();
		let mut text = String::new();
		for (receipt, prompt, answer) in &answers {
			text += &format!("{prompt}\x1b[1m{answer}\x1b[0m\n  receipt {receipt:?}\n");
		}
		let json: Vec<Value> = answers
			.iter()
			.map(
				|(receipt, prompt, answer)| json!({ "receipt": receipt, "prompt": prompt, "answer": answer }),
			)
			.collect();
		common.print(text.trim_end(), json!(json));
		Ok(())
	}

	/// Makes sure that the channel holds enough; the last nonce used.
	async fn channel(
		&self,
		chain: &Chain,
		signer: &Signer,
		operator: &AccountId,
		endpoint: &str,
	) -> Result<u64> {
		let url = format!("{endpoint}/v1/channels/{}", signer.account().to_ss58check());
		loop {
			let answer = reqwest::get(&url)
				.await
				.map_err(|e| format!("the operator does not answer at {endpoint}: {e}"))?;
			let open = answer.status().is_success();
			let answer: Value = answer.json().await?;
			let balance: u128 =
				answer["balance"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
			if open && balance >= self.maximum {
				return answer["nonce"]
					.as_u64()
					.ok_or_else(|| "the operator names no nonce".into());
			}
			let amount = self.fund.max(self.maximum);
			let call = Call::fund_channel { operator: operator.clone(), amount };
			chain.send(signer, call).await?;
			eprintln!(
				"channel to {} funded with {} $OPEN",
				operator.to_ss58check(),
				show_open(amount)
			);
		}
	}
}

/// An operator of a model and where it answers.
async fn operator(chain: &Chain, id: ModelId) -> Result<(AccountId, String)> {
	type Operator = pallet_models::Operator<<Runtime as pallet_models::Config>::Consideration>;
	let prefix = crate::chain::under("Models", "Operators", id);
	let all = chain.values::<Operator>(&prefix).await?;
	let (key, operator) = all
		.into_iter()
		.next()
		.ok_or_else(|| format!("nobody serves model {id}: see `openledger model serve --help`"))?;
	let who = codec::Decode::decode(&mut &key[16..])?;
	let url: Url = operator.endpoint;
	Ok((who, String::from_utf8_lossy(&url).trim_end_matches('/').to_string()))
}
