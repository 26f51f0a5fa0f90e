//! The server over real HTTP, with a real model and real files. Only the chain is a double.

use codec::{Decode, Encode};
use openledger_blobs::{Space, Store};
use openledger_core::{
	account_of_address, verify, Balance, Eip712Domain, Hash, Reply, Request, Voucher,
};
use openledger_factory::{adapter, base::Pretraining, Base};
use openledger_graph::{count, Gpt};
use openledger_openlora::{
	router, Account, Batching, Entry, Failure, Ledger, NewBatch, Outbox, Paid, PromptBlob, Refusal,
	ResponseBlob, Served, Server, Signed, Terms,
};
use serde_json::{json, Value};
use sp_core::{crypto::AccountId32, ecdsa, sr25519, Pair, H160, U256};
use sp_crypto_hashing::keccak_256;
use sp_runtime::MultiSignature;
use std::sync::{
	atomic::{AtomicU64, Ordering},
	Arc, Mutex,
};
use tokio::sync::Notify;

const TINY: Gpt = Gpt { vocabulary: 280, context: 16, width: 8, layers: 1, heads: 2, rank: 2 };
const KEY: &str = "olk_test";
const BALANCE: Balance = 1_000_000;
const DOMAIN: Eip712Domain = Eip712Domain { chain: 918_273, contract: H160([7; 20]) };

fn pair(seed: u8) -> sr25519::Pair {
	sr25519::Pair::from_seed(&[seed; 32])
}

fn payer() -> sr25519::Pair {
	pair(1)
}

fn operator() -> sr25519::Pair {
	pair(2)
}

/// The chain: one channel, and the receipts and batches that it was given.
struct Chain {
	served: Served,
	nonce: AtomicU64,
	/// Whether it takes receipts.
	open: bool,
	/// Whether the server holds the payer's key.
	keyed: bool,
	taken: Mutex<Vec<Entry>>,
	batches: Mutex<Vec<NewBatch>>,
	/// What was paid, and the last nonce of that.
	paid: Mutex<(Balance, u64)>,
	told: Notify,
}

#[async_trait::async_trait]
impl Ledger for Chain {
	async fn served(&self) -> Result<Vec<Served>, Refusal> {
		Ok(vec![self.served.clone()])
	}

	async fn channel(&self, _: &AccountId32) -> Result<(Balance, u64), Refusal> {
		Ok((BALANCE, self.nonce.load(Ordering::SeqCst)))
	}

	async fn check(
		&self,
		request: &Request<AccountId32>,
		signature: &MultiSignature,
		cost: Balance,
	) -> Result<(), Refusal> {
		if !request.is_signed(signature, &DOMAIN) {
			return Err(Refusal::payment("the payer's signature is wrong"));
		}
		if cost > request.maximum || cost > BALANCE {
			return Err(Refusal::payment("the channel has too little: fund it"));
		}
		if self.nonce.fetch_max(request.nonce, Ordering::SeqCst) >= request.nonce {
			return Err(Refusal::payment("the nonce was used: take a higher one"));
		}
		Ok(())
	}

	async fn request_for_key(
		&self,
		key: &str,
		_: &Served,
		prompt: Hash,
		maximum: Balance,
	) -> Result<(Request<AccountId32>, MultiSignature), Refusal> {
		if key != KEY {
			let message = "this API key is unknown here".into();
			return Err(Refusal { status: 401, kind: "invalid_request_error", message });
		}
		let request = self.request(prompt, maximum);
		let signature = payer().sign(&request.payload()).into();
		Ok((request, signature))
	}

	fn sign(&self, reply: &Reply) -> MultiSignature {
		operator().sign(&reply.payload()).into()
	}

	async fn submit(&self, entry: &Entry) -> Result<(), String> {
		if !self.open {
			self.told.notify_one();
			return Err("the chain is away".into());
		}
		self.taken.lock().unwrap().push(entry.clone());
		self.paid.lock().unwrap().1 = entry.request.nonce;
		self.told.notify_one();
		Ok(())
	}

	async fn may_read(&self, _: [u8; 32], _: Hash) -> bool {
		false
	}

	async fn terms(&self) -> Result<Terms, Refusal> {
		let (minimum_fee, minimum_item, most) = (self.served.minimum_fee, 1, BALANCE);
		let genesis = Hash::zero();
		Ok(Terms { genesis, block: 1, minimum_fee, minimum_item, most, vouchers: 64 })
	}

	async fn account(&self, _: &AccountId32) -> Result<Option<Account>, Refusal> {
		let (redeemed, nonce) = *self.paid.lock().unwrap();
		let balance = BALANCE - redeemed;
		Ok(Some(Account { balance, redeemed, nonce, settled: nonce, closing: false }))
	}

	fn domain(&self) -> Eip712Domain {
		DOMAIN
	}

	fn sign_voucher(&self, voucher: &Voucher<AccountId32>) -> Option<MultiSignature> {
		self.keyed.then(|| payer().sign(&voucher.payload()).into())
	}

	async fn submit_batch(&self, batch: &NewBatch) -> Result<(), Failure> {
		if !self.open {
			self.told.notify_one();
			return Err(Failure::Later("the chain is away".into()));
		}
		let (voucher, _) = batch.vouchers.last().unwrap();
		*self.paid.lock().unwrap() = (voucher.cumulative, voucher.nonce);
		self.batches.lock().unwrap().push(batch.clone());
		self.told.notify_one();
		Ok(())
	}

	async fn close_batches(&self) -> Result<(), String> {
		Ok(())
	}

	async fn next_block(&self) -> Result<(), String> {
		std::future::pending().await
	}
}

impl Chain {
	fn new(served: Served, open: bool, keyed: bool) -> Arc<Self> {
		let (taken, batches, paid) = (Mutex::default(), Mutex::default(), Mutex::default());
		let (nonce, told) = (AtomicU64::new(0), Notify::new());
		Arc::new(Self { served, nonce, open, keyed, taken, batches, paid, told })
	}

	fn request(&self, prompt: Hash, maximum: Balance) -> Request<AccountId32> {
		Request {
			genesis: Hash::zero(),
			payer: payer().public().into(),
			operator: operator().public().into(),
			model: self.served.model,
			adapter: self.served.adapter,
			prompt,
			maximum,
			nonce: self.nonce.load(Ordering::SeqCst) + 1,
			expiry: 1_000,
		}
	}
}

struct World {
	_folder: tempfile::TempDir,
	store: Store,
	base: Base,
	chain: Arc<Chain>,
	url: String,
}

/// Publishes a tiny model in a store.
fn publish(store: &Store) -> (Base, Served) {
	let text = "the cat sat on the mat and the dog sat on the log\n".repeat(40);
	let how = Pretraining { steps: 2, rows: 2, ..Default::default() };
	let base = Base::train(TINY, &text, how, 1, &mut |_: usize, _: usize, _: f32| ()).unwrap();
	let mut manifest = [0; 32];
	for (hash, bytes) in base.files().unwrap() {
		store.put(Space::Public, &bytes).unwrap();
		manifest = hash;
	}
	let file = adapter::to_file(&base, &vec![0.0; count(&base.adapter())]).unwrap();
	let served = Served {
		model: 3,
		adapter: store.put(Space::Public, &file).unwrap().into(),
		base: manifest.into(),
		input_price: 1_000,
		output_price: 2_000,
		minimum_fee: 1,
		scoring: 0,
	};
	(base, served)
}

async fn listen(chain: &Arc<Chain>, store: &Store, size: usize) -> String {
	let batching = Batching { size, after: 1_000 };
	let server = Server::new(chain.clone(), store.clone(), batching).unwrap();
	tokio::spawn(server.clone().submit_receipts());
	let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
	let url = format!("http://{}", listener.local_addr().unwrap());
	tokio::spawn(async move { axum::serve(listener, router(server)).await });
	url
}

impl World {
	async fn new(open: bool) -> Self {
		Self::batching(open, true, 0).await
	}

	/// A server that collects answers into batches of `size`.
	async fn batching(open: bool, keyed: bool, size: usize) -> Self {
		let folder = tempfile::tempdir().unwrap();
		let store = Store::open(folder.path()).unwrap();
		let (base, served) = publish(&store);
		let chain = Chain::new(served, open, keyed);
		let url = listen(&chain, &store, size).await;
		Self { _folder: folder, store, base, chain, url }
	}

	fn post(&self, path: &str, body: Value) -> reqwest::RequestBuilder {
		reqwest::Client::new().post(format!("{}{path}", self.url)).json(&body)
	}

	async fn paid(&self, path: &str, body: Value) -> reqwest::Response {
		self.post(path, body).bearer_auth(KEY).send().await.unwrap()
	}

	/// The next receipt that the chain was given.
	async fn receipt(&self) -> Entry {
		loop {
			if let Some(entry) = self.chain.taken.lock().unwrap().pop() {
				return entry;
			}
			self.chain.told.notified().await;
		}
	}

	/// The next batch that the chain was given.
	async fn batch(&self) -> NewBatch {
		loop {
			if let Some(batch) = self.chain.batches.lock().unwrap().pop() {
				return batch;
			}
			self.chain.told.notified().await;
		}
	}

	/// An answer that is paid by API key: what stands beside it.
	async fn answered(&self, seed: i64) -> Value {
		let body =
			json!({ "model": "model:3", "prompt": "the cat", "max_tokens": 3, "seed": seed });
		let answer: Value = self.paid("/v1/completions", body).await.json().await.unwrap();
		answer["openledger"].clone()
	}

	/// Gives a voucher that is signed by the payer.
	async fn pay(&self, voucher: &Voucher<AccountId32>) -> reqwest::Response {
		let signature: MultiSignature = payer().sign(&voucher.payload()).into();
		let signed: Signed = (voucher.clone(), signature);
		self.pay_with(&hex::encode(signed.encode())).await
	}

	/// Gives a voucher with its signature, in hexadecimal.
	async fn pay_with(&self, signed: &str) -> reqwest::Response {
		self.post("/v1/vouchers", json!({ "voucher": signed })).send().await.unwrap()
	}

	/// What scorers check of an answer.
	fn is_right(&self, item: &Entry) -> bool {
		let operator = operator().public().into();
		item.is_right(Hash::zero(), &operator, 3, self.chain.served.adapter, &DOMAIN)
	}

	fn response(&self, entry: &Entry) -> ResponseBlob {
		let bytes = self.store.get(Space::Private, &entry.reply.response.0).unwrap();
		serde_json::from_slice(&bytes).unwrap()
	}

	async fn get(&self, path: &str) -> reqwest::Response {
		reqwest::get(format!("{}{path}", self.url)).await.unwrap()
	}
}

/// Checks OpenAI's error envelope; returns the message.
async fn refused(response: reqwest::Response, status: u16) -> String {
	assert_eq!(response.status(), status);
	let body: Value = response.json().await.unwrap();
	assert!(body["error"]["type"].is_string(), "{body}");
	body["error"]["message"].as_str().unwrap().to_string()
}

/// The data of a stream's events.
fn events(body: &str) -> Vec<String> {
	let all: Vec<&str> = body.split("\n\n").filter(|event| !event.is_empty()).collect();
	all.iter()
		.map(|event| event.strip_prefix("data: ").unwrap().to_string())
		.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn models_should_list_the_pinned_names_when_asked() {
	let world = World::new(true).await;
	let list: Value = world.get("/v1/models").await.json().await.unwrap();
	let name = world.chain.served.name();
	assert_eq!((&list["object"], &list["data"][0]["id"]), (&json!("list"), &json!(name)));
	let one: Value = world.get(&format!("/v1/models/{name}")).await.json().await.unwrap();
	assert_eq!((&one["object"], &one["id"]), (&json!("model"), &json!(name)));
	refused(world.get("/v1/models/model:9").await, 404).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_should_be_receipted_when_paid_by_api_key() {
	let world = World::new(true).await;
	let body = json!({ "model": "model:3", "prompt": "the cat", "max_tokens": 5, "seed": 7 });
	let answer = world.paid("/v1/completions", body).await;
	assert_eq!(answer.status(), 200);
	let header = answer.headers()["x-openledger-receipt"].to_str().unwrap().to_string();
	let body: Value = answer.json().await.unwrap();
	let entry = world.receipt().await;

	assert_eq!(header, format!("{:?}", entry.request.id()));
	assert_eq!(entry.reply.request, entry.request.id());
	assert!(verify(&entry.request.payload(), &entry.payer_signature, &entry.request.payer));
	assert!(verify(&entry.reply.payload(), &entry.operator_signature, &entry.request.operator));
	let response = world.response(&entry);
	assert_eq!(body["object"], "text_completion");
	assert_eq!(body["choices"][0]["text"], json!(response.text));
	assert_eq!(world.base.tokenizer.decode(&response.tokens).unwrap(), response.text);
	let prompt = world.base.tokenizer.encode("the cat").unwrap().len();
	assert_eq!(entry.reply.prompt_tokens, prompt as u32);
	assert_eq!(entry.reply.completion_tokens, response.tokens.len() as u32);
	let total = prompt + response.tokens.len();
	assert_eq!(body["usage"]["prompt_tokens"], json!(prompt));
	assert_eq!(body["usage"]["total_tokens"], json!(total));
	let prompt = world.store.get(Space::Private, &entry.request.prompt.0).unwrap();
	assert_eq!(serde_json::from_slice::<PromptBlob>(&prompt).unwrap().prompt, "the cat");

	// What the payer was given holds the operator to its answer.
	let scale = |name: &str| hex::decode(body["openledger"][name].as_str().unwrap()).unwrap();
	let reply = Reply::decode(&mut &scale("reply")[..]).unwrap();
	let signature = MultiSignature::decode(&mut &scale("signature")[..]).unwrap();
	assert!(verify(&reply.payload(), &signature, &entry.request.operator));
	let blob = body["openledger"]["response"].as_str().unwrap();
	assert_eq!(reply.response.0, openledger_blobs::hash(blob.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_should_stream_as_openai_does_when_asked_for_a_stream() {
	let world = World::new(true).await;
	let body = json!({ "model": "model:3", "stream": true, "max_tokens": 6, "seed": 1,
		"stream_options": { "include_usage": true },
		"messages": [{ "role": "user", "content": "the dog" }] });
	let answer = world.paid("/v1/chat/completions", body).await;
	let kind = answer.headers()["content-type"].to_str().unwrap().to_string();
	assert!(kind.starts_with("text/event-stream"), "{kind}");
	let header = answer.headers()["x-openledger-receipt"].to_str().unwrap().to_string();
	let events = events(&answer.text().await.unwrap());
	let entry = world.receipt().await;
	assert_eq!(header, format!("{:?}", entry.request.id()));

	let (done, chunks) = events.split_last().unwrap();
	assert_eq!(done, "[DONE]");
	let chunks: Vec<Value> = chunks.iter().map(|c| serde_json::from_str(c).unwrap()).collect();
	for chunk in &chunks {
		assert_eq!(chunk["object"], "chat.completion.chunk");
		assert_eq!(chunk["id"], chunks[0]["id"]);
	}
	let delta = |chunk: &Value, name: &str| {
		chunk["choices"][0]["delta"][name].as_str().unwrap_or_default().to_string()
	};
	let join = |name: &str| chunks.iter().map(|chunk| delta(chunk, name)).collect::<String>();
	assert_eq!(join("role"), "assistant");
	assert_eq!(join("content"), world.response(&entry).text);
	let finishes: Vec<&str> = chunks
		.iter()
		.filter_map(|c| c["choices"][0]["finish_reason"].as_str())
		.collect();
	assert_eq!(finishes.len(), 1);
	assert!(["stop", "length"].contains(&finishes[0]));
	let last = chunks.last().unwrap();
	assert_eq!(last["choices"], json!([]));
	assert_eq!(last["usage"]["completion_tokens"], json!(entry.reply.completion_tokens));
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_should_leave_the_stop_out_when_the_answer_reaches_it() {
	let world = World::new(true).await;
	let ask = |stop: Value| {
		json!({ "model": "model:3", "prompt": "the", "max_tokens": 12, "temperature": 0,
			"seed": 1, "stop": stop })
	};
	let free = world.paid("/v1/completions", ask(Value::Null)).await;
	let free: Value = free.json().await.unwrap();
	let text = free["choices"][0]["text"].as_str().unwrap().to_string();
	world.receipt().await;
	// A later character of this answer is the stop of the same answer.
	let stop = text.chars().nth(text.chars().count() / 2).unwrap().to_string();
	let stopped = world.paid("/v1/completions", ask(json!([stop]))).await;
	let stopped: Value = stopped.json().await.unwrap();
	assert_eq!(stopped["choices"][0]["text"], json!(text[..text.find(&stop).unwrap()]));
	assert_eq!(stopped["choices"][0]["finish_reason"], "stop");
	// The chain is told of the tokens that were drawn, the stop among them.
	assert!(world.response(&world.receipt().await).text.contains(&stop));
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_should_be_refused_when_it_is_not_paid() {
	let world = World::new(true).await;
	let body = json!({ "model": "model:3", "prompt": "the cat" });
	let why = refused(world.post("/v1/completions", body.clone()).send().await.unwrap(), 402).await;
	assert!(why.contains("channel"), "{why}");
	let other = world.post("/v1/completions", body).bearer_auth("olk_other");
	refused(other.send().await.unwrap(), 401).await;
	let long = json!({ "model": "model:3", "prompt": "the cat", "max_tokens": 1_000_000_000 });
	refused(world.paid("/v1/completions", long).await, 400).await;
	let many = json!({ "model": "model:3", "prompt": "the cat", "n": 2 });
	refused(world.paid("/v1/completions", many).await, 400).await;
	let outbox = Outbox::open(&world.store.root().join("outbox")).unwrap();
	assert!(outbox.waiting().unwrap().is_empty());
	assert!(world.chain.taken.lock().unwrap().is_empty());
	let metrics = world.get("/metrics").await.text().await.unwrap();
	assert!(metrics.contains("\nopenlora_refused_total 4\n"), "{metrics}");
	assert!(metrics.contains("\nopenlora_answers_total 0\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn completion_should_need_the_signed_prompt_and_a_new_nonce_when_the_payer_signs() {
	let world = World::new(true).await;
	let blob = |prompt: &str, temperature: f32| {
		let blob = PromptBlob {
			salt: "00".repeat(16),
			prompt: prompt.into(),
			temperature,
			max_tokens: 3,
			seed: 1,
		};
		serde_json::to_string(&blob).unwrap()
	};
	let signed = |blob: &str| {
		let prompt = openledger_blobs::hash(blob.as_bytes()).into();
		let request = world.chain.request(prompt, 1_000);
		let signature: MultiSignature = payer().sign(&request.payload()).into();
		Paid {
			blob: blob.into(),
			request: hex::encode(request.encode()),
			signature: hex::encode(signature.encode()),
			voucher: None,
		}
	};
	let ask = |paid: &Paid| {
		let body = json!({ "model": "model:3", "openledger": paid });
		let request = world.post("/v1/completions", body);
		async { request.send().await.unwrap() }
	};
	let good = signed(&blob("the cat", 0.5));
	let swapped = Paid { blob: blob("the dog", 0.5), ..good.clone() };
	assert!(refused(ask(&swapped).await, 402).await.contains("another prompt"));
	let hot = signed(&blob("the cat", 9.0));
	assert!(refused(ask(&hot).await, 400).await.contains("temperature"));
	let forged = Paid { signature: signed(&blob("the dog", 0.5)).signature, ..good.clone() };
	assert!(refused(ask(&forged).await, 402).await.contains("signature"));
	assert_eq!(ask(&good).await.status(), 200);
	let entry = world.receipt().await;
	assert_eq!(hex::encode(entry.request.encode()), good.request);
	assert!(refused(ask(&good).await, 402).await.contains("nonce"));
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_should_be_submitted_after_a_restart_when_the_chain_was_away() {
	let world = World::new(false).await;
	let body = json!({ "model": "model:3", "prompt": "the cat", "max_tokens": 3, "seed": 7 });
	let answer = world.paid("/v1/completions", body).await;
	let header = answer.headers()["x-openledger-receipt"].to_str().unwrap().to_string();
	answer.bytes().await.unwrap();
	world.chain.told.notified().await;
	assert!(world.chain.taken.lock().unwrap().is_empty());
	// Another server over the same files, now with a chain that takes receipts.
	let chain = Chain::new(world.chain.served.clone(), true, true);
	let url = listen(&chain, &world.store, 0).await;
	let again = World { chain, url, ..world };
	let entry = again.receipt().await;
	assert_eq!(header, format!("{:?}", entry.request.id()));
}

fn owed(beside: &Value) -> Voucher<AccountId32> {
	let bytes = hex::decode(beside["owed"]["voucher"].as_str().unwrap()).unwrap();
	Voucher::decode(&mut &bytes[..]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_should_go_out_as_one_batch_when_the_server_signs_for_an_api_key() {
	let world = World::batching(true, true, 3).await;
	for seed in 1..=3 {
		let beside = world.answered(seed).await;
		assert_eq!((&beside["batched"], &beside["owed"]), (&json!(true), &Value::Null));
	}
	let batch = world.batch().await;
	let nonces: Vec<u64> = batch.items.iter().map(|item| item.request.nonce).collect();
	assert_eq!(nonces, vec![1, 2, 3]);
	let cost = |item: &Entry| {
		let reply = &item.reply;
		world
			.chain
			.served
			.fee(reply.prompt_tokens as usize, reply.completion_tokens as usize)
	};
	let (voucher, _) = &batch.vouchers[0];
	assert_eq!((batch.vouchers.len(), voucher.nonce), (1, 3));
	assert_eq!(voucher.cumulative, batch.items.iter().map(cost).sum::<Balance>());
	assert!(batch.items.iter().all(|item| world.is_right(item)));
	let blob = openledger_blobs::hash(&batch.blob());
	assert_eq!(world.store.get(Space::Private, &blob).unwrap(), batch.blob());
	assert!(world.chain.taken.lock().unwrap().is_empty(), "nothing is paid twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn voucher_should_pay_for_a_batch_when_the_payer_signs_what_it_owes() {
	let world = World::batching(true, false, 2).await;
	let first = owed(&world.answered(1).await);
	let second = owed(&world.answered(2).await);
	assert!(second.cumulative > first.cumulative && (first.nonce, second.nonce) == (1, 2));
	// A stranger's signature, one wei too little, and answers that were never given.
	let low = Voucher { cumulative: second.cumulative - 1, ..second.clone() };
	let why = refused(world.pay(&low).await, 402).await;
	assert!(why.contains(&format!("sign cumulative {} wei, nonce 2", second.cumulative)), "{why}");
	let early = Voucher { expiry: second.expiry - 1, ..second.clone() };
	assert!(refused(world.pay(&early).await, 402).await.contains("expiry"));
	let later = Voucher { nonce: 9, ..second.clone() };
	assert!(refused(world.pay(&later).await, 402).await.contains("nonce 2"));
	let other = Voucher { payer: operator().public().into(), ..second.clone() };
	assert!(refused(world.pay(&other).await, 402).await.contains("signature"));
	assert!(world.chain.batches.lock().unwrap().is_empty());

	// The first alone is no batch; with the second there is nothing more to sign.
	let after: Value = world.pay(&first).await.json().await.unwrap();
	assert_eq!(owed(&after), second);
	let after: Value = world.pay(&second).await.json().await.unwrap();
	assert_eq!(after["owed"], Value::Null);
	let batch = world.batch().await;
	assert_eq!((batch.items.len(), &batch.vouchers[0].0), (2, &second));
	refused(world.pay(&second).await, 400).await;
}

/// What a wallet signs of typed data, by the rules of EIP-712 alone.
fn typed_hash(data: &Value) -> [u8; 32] {
	let word = |kind: &str, value: &Value| -> [u8; 32] {
		let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
		match (kind, text.strip_prefix("0x")) {
			("string", _) => keccak_256(text.as_bytes()),
			("bytes32" | "address", Some(digits)) => {
				let bytes = hex::decode(digits).unwrap();
				let mut word = [0; 32];
				word[32 - bytes.len()..].copy_from_slice(&bytes);
				word
			},
			_ => U256::from_dec_str(&text).unwrap().to_big_endian(),
		}
	};
	let hash = |of: &str, value: &Value| {
		let fields = data["types"][of].as_array().unwrap();
		let text = |field: &Value, part: &str| field[part].as_str().unwrap().to_string();
		let list: Vec<String> = fields
			.iter()
			.map(|field| format!("{} {}", text(field, "type"), text(field, "name")))
			.collect();
		let mut words = keccak_256(format!("{of}({})", list.join(",")).as_bytes()).to_vec();
		for field in fields {
			words.extend(word(&text(field, "type"), &value[text(field, "name")]));
		}
		keccak_256(&words)
	};
	let message = hash(data["primaryType"].as_str().unwrap(), &data["message"]);
	let domain = hash("EIP712Domain", &data["domain"]);
	keccak_256(&[&[0x19, 0x01], &domain[..], &message].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn ethereum_wallet_should_pay_for_a_batch_when_it_signs_the_typed_data_of_what_it_owes() {
	let world = World::batching(true, false, 1).await;
	let wallet = ecdsa::KeccakPair::from_seed(&[1; 32]);
	let blob = PromptBlob {
		salt: "00".repeat(16),
		prompt: "the cat".into(),
		temperature: 0.5,
		max_tokens: 3,
		seed: 1,
	};
	let blob = serde_json::to_string(&blob).unwrap();
	let prompt = openledger_blobs::hash(blob.as_bytes()).into();
	let payer = account_of_address(&"1a642f0e3c3af545e7acbd38b07251b3990914f1".parse().unwrap());
	let request = Request { payer, ..world.chain.request(prompt, 1_000) };
	let signature = MultiSignature::Eth(wallet.sign_prehashed(&request.typed_hash(&DOMAIN)));
	let paid = Paid {
		blob,
		request: hex::encode(request.encode()),
		signature: hex::encode(signature.encode()),
		voucher: None,
	};
	let body = json!({ "model": "model:3", "openledger": paid });
	let answer = world.post("/v1/completions", body).send().await.unwrap();
	let answer: Value = answer.json().await.unwrap();
	let beside = &answer["openledger"];
	assert_eq!(beside["batched"], true, "{answer}");

	// With nothing but what came with the answer: its typed data, its bytes and the 65 of a signature.
	let typed = &beside["owed"]["typedData"];
	assert_eq!(typed["message"]["cumulative"], beside["owed"]["cumulative"]);
	let bytes = beside["owed"]["voucher"].as_str().unwrap();
	let signed = |domain: &Value| {
		let typed = json!({ "types": typed["types"], "primaryType": typed["primaryType"],
			"domain": domain, "message": typed["message"] });
		let signature = wallet.sign_prehashed(&typed_hash(&typed));
		format!("{bytes}03{}", hex::encode(signature.0))
	};
	let mut elsewhere = typed["domain"].clone();
	elsewhere["chainId"] = json!(1);
	let why = refused(world.pay_with(&signed(&elsewhere)).await, 402).await;
	assert!(why.contains("typed data"), "{why}");
	assert!(world.chain.batches.lock().unwrap().is_empty());

	let after = world.pay_with(&signed(&typed["domain"])).await;
	assert_eq!(after.status(), 200);
	let batch = world.batch().await;
	let (redeemed, signature) = &batch.vouchers[0];
	assert_eq!((redeemed, batch.items.len()), (&owed(beside), 1));
	assert!(redeemed.is_signed(signature, &DOMAIN));
	assert_eq!(batch.items[0].request, request);
	assert!(world.is_right(&batch.items[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn voucher_should_be_taken_when_it_comes_with_the_next_request() {
	let world = World::batching(true, false, 1).await;
	let voucher = owed(&world.answered(1).await);
	let signed = (voucher.clone(), MultiSignature::from(payer().sign(&voucher.payload())));
	let paid = Paid {
		blob: "no blob".into(),
		request: String::new(),
		signature: String::new(),
		voucher: Some(hex::encode(signed.encode())),
	};
	let body = json!({ "model": "model:3", "openledger": paid });
	// Whatever becomes of the request, what was answered is paid.
	refused(world.post("/v1/completions", body).send().await.unwrap(), 400).await;
	assert_eq!(world.batch().await.vouchers[0].0, voucher);
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_should_be_submitted_once_after_a_restart_when_the_chain_was_away() {
	let world = World::batching(false, false, 1).await;
	let voucher = owed(&world.answered(1).await);
	assert_eq!(world.pay(&voucher).await.status(), 200);
	world.chain.told.notified().await;
	let chain = Chain::new(world.chain.served.clone(), true, false);
	let url = listen(&chain, &world.store, 1).await;
	let again = World { chain, url, ..world };
	assert_eq!(again.batch().await.vouchers[0].0, voucher);
	// A third server finds that it is paid: the next answer alone makes the next batch.
	again.chain.nonce.store(1, Ordering::SeqCst);
	let url = listen(&again.chain, &again.store, 1).await;
	let third = World { url, ..again };
	let voucher = owed(&third.answered(2).await);
	assert_eq!(third.pay(&voucher).await.status(), 200);
	assert_eq!(third.batch().await.items.len(), 1);
	assert!(third.chain.taken.lock().unwrap().is_empty());
}
