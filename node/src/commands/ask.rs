use super::{model::model, open, show_open, Common};
use crate::chain::{Chain, Result, Signer};
use codec::{Decode, Encode};
use openledger_core::{Balance, ModelId, Reply, Request, Voucher};
use openledger_influence_math::money;
use openledger_openlora::{Folder, Paid, PaidLater, PromptBlob, Signed};
use pallet_attribution::Call;
use pallet_models::{Stage, Url};
use polkadot_sdk::*;
use runtime::{AccountId, Runtime};
use serde_json::{json, Value};
use sp_core::crypto::Ss58Codec;
use std::path::PathBuf;

/// Pays for an answer of a model: funds a channel to its operator if need be, signs the request,
/// sends it, prints the answer and its receipt. Where the operator collects answers into batches, it
/// signs vouchers for what they cost.
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
		let (mut answers, mut voucher) = (Vec::new(), None);
		let mut tab = Tab {
			signed: common.blobs.join("signed"),
			chain: &chain,
			signer: &signer,
			price: (entry.price.input, entry.price.output),
			minimum: settings(&chain).await?.minimum_item,
			unsigned: 0,
		};
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
				voucher: voucher.take(),
			};
			let body = json!({ "model": format!("model:{}", self.model), "openledger": paid });
			let url = format!("{endpoint}/v1/completions");
			let answer = post(&url, &body).await?;
			let text = answer["choices"][0]["text"].as_str().ok_or("the answer has no text")?;
			bar.inc(1);
			let batched = answer["openledger"]["batched"] == true;
			answers.push((request.id(), prompt.clone(), text.to_string(), batched));
			voucher = tab.sign(&request, &answer["openledger"]).await?;
		}
		if let Some(voucher) = voucher {
			let url = format!("{endpoint}/v1/vouchers");
			post(&url, &json!(PaidLater { voucher })).await?;
		}
		bar.set_message("receipts on chain");
		for (id, ..) in answers.iter().filter(|(.., batched)| !batched) {
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
		for (receipt, prompt, answer, batched) in &answers {
			let batched = if *batched { ", waits for its batch" } else { "" };
			text += &format!("{prompt}\x1b[1m{answer}\x1b[0m\n  receipt {receipt:?}{batched}\n");
		}
		let json: Vec<Value> = answers
			.iter()
			.map(|(receipt, prompt, answer, batched)| {
				json!({ "receipt": receipt, "prompt": prompt,
					"answer": answer, "batched": batched })
			})
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

/// What an endpoint answers to a request that it takes.
async fn post(url: &str, body: &Value) -> Result<Value> {
	let answer = reqwest::Client::new().post(url).json(body).send().await?;
	let status = answer.status();
	let answer: Value = answer.json().await?;
	if !status.is_success() {
		let why = answer["error"]["message"].as_str().unwrap_or("no reason given");
		return Err(format!("{url} answered {status}: {why}").into());
	}
	Ok(answer)
}

async fn settings(chain: &Chain) -> Result<pallet_attribution::Parameters> {
	let key = pallet_attribution::Settings::<Runtime>::hashed_key();
	Ok(chain.read(&key).await?.unwrap_or_default())
}

/// What a payer owes an operator by its own account: it signs no more.
struct Tab<'a> {
	/// The vouchers that this machine signed.
	signed: PathBuf,
	chain: &'a Chain,
	signer: &'a Signer,
	/// Wei for a thousand tokens of prompt and of answer.
	price: (Balance, Balance),
	/// The least that an answer costs in a batch, in wei.
	minimum: Balance,
	/// What answers cost that no voucher pays yet, in wei.
	unsigned: Balance,
}

impl Tab<'_> {
	/// Signs the voucher that came with an answer, if there is one to sign; without it the answers
	/// become receipts.
	async fn sign(
		&mut self,
		request: &Request<AccountId>,
		answer: &Value,
	) -> Result<Option<String>> {
		let Some(voucher) = scale::<Voucher<AccountId>>(&answer["owed"]["voucher"]) else {
			return Ok(None);
		};
		let reply: Reply = scale(&answer["reply"]).ok_or("the answer is not signed")?;
		let (input, output) = self.price;
		let (prompt, tokens) = (reply.prompt_tokens, reply.completion_tokens);
		let cost = money::fee((input, prompt), (output, tokens), self.minimum);
		let cost = cost.unwrap_or(Balance::MAX).min(request.maximum);
		self.unsigned = self.unsigned.saturating_add(cost);

		let folder = Folder::<Signed>::open(&self.signed)?;
		let mut before = folder.waiting()?;
		before.retain(|(one, _)| {
			(&one.genesis, &one.payer, &one.operator)
				== (&request.genesis, &request.payer, &request.operator)
		});
		let owed = self.owed(request, &before).await?;
		let asked = (&voucher.genesis, &voucher.payer, &voucher.operator, voucher.model);
		let mine = (&request.genesis, &request.payer, &request.operator, request.model);
		let same =
			asked == mine && (voucher.adapter, voucher.nonce) == (request.adapter, request.nonce);
		if !same || voucher.cumulative > owed {
			eprintln!(
				"no voucher is signed: the operator asks for {} wei up to nonce {}, owed are {owed} up to \
				 {}; it may submit its answers as receipts",
				voucher.cumulative, voucher.nonce, request.nonce
			);
			return Ok(None);
		}
		let signed: Signed = (voucher.clone(), self.signer.sign(&voucher.payload()));
		// Before it leaves: what was signed may be redeemed.
		folder.put(&signed)?;
		for old in before.iter().filter(|(one, _)| one.nonce < voucher.nonce) {
			folder.done(old)?;
		}
		self.unsigned = 0;
		Ok(Some(hex::encode(signed.encode())))
	}

	/// All that is owed since the channel was opened: what the chain took or this machine signed, and
	/// what was answered since.
	async fn owed(&self, request: &Request<AccountId>, signed: &[Signed]) -> Result<Balance> {
		type Channel =
			pallet_attribution::Channel<<Runtime as pallet_attribution::Config>::Consideration>;
		let Request { payer, operator, .. } = request;
		let key = pallet_attribution::Channels::<Runtime>::hashed_key_for(payer, operator);
		let channel: Channel = self.chain.read(&key).await?.ok_or("the channel is closed")?;
		let signed = signed.iter().filter(|(one, _)| one.nonce > channel.nonce);
		let signed = signed.map(|(one, _)| one.cumulative).max().unwrap_or(0);
		Ok(signed.max(channel.redeemed).saturating_add(self.unsigned))
	}
}

/// A value from its SCALE in hexadecimal.
fn scale<T: Decode>(text: &Value) -> Option<T> {
	let bytes = hex::decode(text.as_str()?).ok()?;
	T::decode(&mut &bytes[..]).ok()
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
