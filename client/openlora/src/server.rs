use crate::{
	api::{check, shown, Answer, Asked, PaidLater, PromptBlob, ResponseBlob},
	batch::{Batching, Signed},
	collect::{Collector, Submitted},
	ledger::{Ledger, Refusal, Served},
	outbox::Entry,
};
use axum::{
	extract::{Path, State},
	http::{header, HeaderMap, HeaderValue, StatusCode},
	response::{
		sse::{Event, Sse},
		IntoResponse, Response,
	},
	routing::{get, post},
	Json, Router,
};
use codec::{Decode, Encode};
use futures::StreamExt;
use openledger_blobs::{Readers, Space, Store};
use openledger_core::{Hash, Reply, Request};
use openledger_factory::{adapter, Base};
use openledger_influence::{Generator, Sampling};
use serde_json::{json, Value};
use sp_core::crypto::AccountId32;
use sp_runtime::MultiSignature;
use std::{
	collections::HashMap,
	sync::{
		atomic::{AtomicU64, Ordering},
		Arc,
	},
	time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::{mpsc, Mutex, Notify};

/// The header that names an answer's receipt.
const RECEIPT: &str = "x-openledger-receipt";
const LOG_TARGET: &str = "openlora";
/// When what failed is tried again, if no block comes before.
const RETRY: Duration = Duration::from_secs(3);

/// Serves the models of one operator.
pub struct Server {
	ledger: Arc<dyn Ledger>,
	store: Store,
	collector: Collector,
	/// One answer at a time: receipts of a channel are in the order of its nonces.
	models: Mutex<HashMap<Hash, Arc<std::sync::Mutex<Generator>>>>,
	turn: Arc<Mutex<()>>,
	submit: Notify,
	counted: Counted,
}

/// What the server did since it started.
#[derive(Default)]
struct Counted {
	answers: AtomicU64,
	refused: AtomicU64,
	failed: AtomicU64,
	prompt_tokens: AtomicU64,
	completion_tokens: AtomicU64,
	submitted: AtomicU64,
	batches: AtomicU64,
}

impl Server {
	/// A server over a blob store; answers wait in its folder `outbox`, vouchers in `vouchers`.
	pub fn new(
		ledger: Arc<dyn Ledger>,
		store: Store,
		batching: Batching,
	) -> std::io::Result<Arc<Self>> {
		let collector = Collector::open(ledger.clone(), store.clone(), batching)?;
		Ok(Arc::new(Self {
			ledger,
			store,
			collector,
			models: Mutex::default(),
			turn: Arc::default(),
			submit: Notify::new(),
			counted: Counted::default(),
		}))
	}

	/// Submits receipts and batches for ever, those that a crash left first, and closes batches.
	pub async fn submit_receipts(self: Arc<Self>) {
		loop {
			let mut done = Submitted::default();
			let submitted = self.collector.submit(&mut done).await;
			self.counted.submitted.fetch_add(done.receipts, Ordering::Relaxed);
			self.counted.batches.fetch_add(done.batches, Ordering::Relaxed);
			let closed = self.ledger.close_batches().await;
			let failures = [submitted.err(), closed.err()];
			for why in failures.iter().flatten() {
				log::warn!(target: LOG_TARGET, "{why}");
			}
			let failed = failures.iter().any(Option::is_some);
			// Answers grow old and batches are scored with the blocks.
			let block = async {
				if self.ledger.next_block().await.is_err() {
					tokio::time::sleep(RETRY).await;
				}
			};
			tokio::select! {
				() = self.submit.notified() => {},
				() = block => {},
				() = tokio::time::sleep(RETRY), if failed => {},
			}
		}
	}

	/// The model that a request names: its pinned name, or its id for the adapter of now.
	async fn find(&self, name: &str) -> Result<Served, Refusal> {
		let all = self.ledger.served().await?;
		let found = all.iter().find(|served| {
			served.name() == name
				|| format!("model:{}", served.model) == name
				|| served.model.to_string() == name
		});
		found.cloned().ok_or_else(|| Refusal {
			status: 404,
			kind: "invalid_request_error",
			message: format!("no model {name:?} is served here: GET /v1/models lists them"),
		})
	}

	/// A loaded model.
	async fn load(&self, served: &Served) -> Result<Arc<std::sync::Mutex<Generator>>, Refusal> {
		let mut models = self.models.lock().await;
		if let Some(model) = models.get(&served.adapter) {
			return Ok(model.clone());
		}
		let (store, served_) = (self.store.clone(), served.clone());
		let load = move || -> Result<Generator, String> {
			let read = |hash: &[u8; 32]| store.get(Space::Public, hash);
			let place = |hash: &[u8; 32]| store.file(Space::Public, hash);
			let base =
				Base::load(&served_.base.0, read, place).map_err(|error| error.to_string())?;
			let file = read(&served_.adapter.0).map_err(|error| error.to_string())?;
			let flat = adapter::from_file(&base, &file).map_err(|e| e.to_string())?;
			Generator::new(Arc::new(base), flat, 1).map_err(|error| error.to_string())
		};
		let model = tokio::task::spawn_blocking(load)
			.await
			.map_err(Refusal::server)?
			.map_err(Refusal::server)?;
		let model = Arc::new(std::sync::Mutex::new(model));
		models.insert(served.adapter, model.clone());
		Ok(model)
	}
}

impl IntoResponse for Refusal {
	fn into_response(self) -> Response {
		let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
		let body = json!({ "error": { "message": self.message, "type": self.kind,
			"param": null, "code": null } });
		(status, Json(body)).into_response()
	}
}

/// Everything over HTTP: models, completions, blobs, health.
pub fn router(server: Arc<Server>) -> Router {
	let ledger = server.ledger.clone();
	let readers: Readers = Arc::new(move |key, hash| {
		let ledger = ledger.clone();
		Box::pin(async move { ledger.may_read(key, Hash::from(hash)).await })
	});
	let blobs = openledger_blobs::router(server.store.clone(), readers);
	Router::new()
		.route("/health", get(|| async { "ok" }))
		.route("/metrics", get(metrics))
		.route("/v1/channels/{payer}", get(channel))
		.route("/v1/vouchers", post(voucher))
		.route("/v1/models", get(models))
		.route("/v1/models/{id}", get(model))
		.route("/v1/completions", post(completions))
		.route("/v1/chat/completions", post(chat))
		.with_state(server)
		.merge(blobs)
}

/// Counters in Prometheus' text format.
async fn metrics(State(server): State<Arc<Server>>) -> Result<String, Refusal> {
	let counted = &server.counted;
	let waiting = server.collector.outbox.waiting().map_err(Refusal::server)?.len() as u64;
	let counters = [
		("answers", "Answers that were made.", &counted.answers),
		("refused", "Requests that were refused, unpaid ones among them.", &counted.refused),
		("failed", "Answers that could not be made.", &counted.failed),
		("prompt_tokens", "Tokens of prompts that were answered.", &counted.prompt_tokens),
		("completion_tokens", "Tokens of answers.", &counted.completion_tokens),
		("receipts_submitted", "Receipts that the chain has taken.", &counted.submitted),
		("batches_submitted", "Batches that the chain has taken.", &counted.batches),
	];
	let mut text = String::new();
	for (name, help, value) in counters {
		let (name, value) = (format!("openlora_{name}_total"), value.load(Ordering::Relaxed));
		text += &format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n");
	}
	let name = "openlora_receipts_waiting";
	text += &format!("# HELP {name} Answers that the chain does not have yet.\n");
	text += &format!("# TYPE {name} gauge\n{name} {waiting}\n");
	Ok(text)
}

fn describe(served: &Served) -> Value {
	json!({ "id": served.name(), "object": "model", "created": 0, "owned_by": "openledger",
		"input_price": served.input_price.to_string(),
		"output_price": served.output_price.to_string(),
		"minimum_fee": served.minimum_fee.to_string(),
		"scoring": served.scoring.to_string() })
}

async fn models(State(server): State<Arc<Server>>) -> Result<Json<Value>, Refusal> {
	let all: Vec<Value> = server.ledger.served().await?.iter().map(describe).collect();
	Ok(Json(json!({ "object": "list", "data": all })))
}

/// What a payer has left here, answers on their way taken off, the last nonce that was used, and the
/// voucher that it is to sign.
async fn channel(
	State(server): State<Arc<Server>>,
	Path(payer): Path<String>,
) -> Result<Json<Value>, Refusal> {
	use sp_core::crypto::Ss58Codec;
	let payer = AccountId32::from_ss58check(&payer).map_err(|_| Refusal::request("no account"))?;
	account(&server, &payer).await
}

async fn account(server: &Server, payer: &AccountId32) -> Result<Json<Value>, Refusal> {
	let (balance, nonce) = server.ledger.channel(payer).await?;
	let owed = server.collector.owed(payer).await?;
	Ok(Json(json!({ "balance": balance.to_string(), "nonce": nonce, "owed": owed })))
}

/// Takes a voucher; answers what its payer has left and owes now.
async fn voucher(State(server): State<Arc<Server>>, body: String) -> Result<Json<Value>, Refusal> {
	let PaidLater { voucher } = serde_json::from_str(&body).map_err(Refusal::request)?;
	let payer = accept(&server, &voucher).await?;
	account(&server, &payer).await
}

/// Keeps a voucher; says who signed it.
async fn accept(server: &Server, voucher: &str) -> Result<AccountId32, Refusal> {
	let signed: Signed = scale("voucher", voucher)?;
	let payer = signed.0.payer.clone();
	server.collector.accept(signed).await?;
	server.submit.notify_one();
	Ok(payer)
}

async fn model(
	State(server): State<Arc<Server>>,
	Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
	Ok(Json(describe(&server.find(&id).await?)))
}

async fn completions(
	State(server): State<Arc<Server>>,
	headers: HeaderMap,
	body: String,
) -> Result<Response, Refusal> {
	counted(server, headers, body, false).await
}

async fn chat(
	State(server): State<Arc<Server>>,
	headers: HeaderMap,
	body: String,
) -> Result<Response, Refusal> {
	counted(server, headers, body, true).await
}

async fn counted(
	server: Arc<Server>,
	headers: HeaderMap,
	body: String,
	chat: bool,
) -> Result<Response, Refusal> {
	let answered = answer(server.clone(), headers, body, chat).await;
	if answered.is_err() {
		server.counted.refused.fetch_add(1, Ordering::Relaxed);
	}
	answered
}

fn salt() -> String {
	hex::encode(rand::random::<[u8; 16]>())
}

fn scale<T: Decode>(what: &str, text: &str) -> Result<T, Refusal> {
	let wrong = || Refusal::request(format!("openledger.{what} is not SCALE in hexadecimal"));
	let bytes = hex::decode(text.trim_start_matches("0x")).map_err(|_| wrong())?;
	T::decode(&mut &bytes[..]).map_err(|_| wrong())
}

/// What is asked, and what pays for it.
struct Order {
	served: Served,
	blob: PromptBlob,
	/// The blob as it was hashed.
	prompt: Vec<u8>,
	request: Request<AccountId32>,
	payer: MultiSignature,
	tokens: Vec<u32>,
}

async fn order(
	server: &Server,
	headers: &HeaderMap,
	asked: &Asked,
	chat: bool,
) -> Result<(Order, Arc<std::sync::Mutex<Generator>>), Refusal> {
	if let Some(voucher) = asked.openledger.as_ref().and_then(|paid| paid.voucher.as_ref()) {
		accept(server, voucher).await?;
	}
	let served = server.find(&asked.model).await?;
	let generator = server.load(&served).await?;
	let blob: PromptBlob = match &asked.openledger {
		Some(paid) => serde_json::from_str(&paid.blob).map_err(Refusal::request)?,
		None => asked.blob(chat, salt()).map_err(Refusal::request)?,
	};
	check(&blob).map_err(Refusal::request)?;
	let prompt = match &asked.openledger {
		Some(paid) => paid.blob.clone().into_bytes(),
		None => serde_json::to_vec(&blob).map_err(Refusal::server)?,
	};
	let tokens = {
		let generator = generator.lock().map_err(|_| Refusal::server("the model is gone"))?;
		generator.base().tokenizer.encode(&blob.prompt).map_err(Refusal::request)?
	};
	let cost = served.fee(tokens.len(), blob.max_tokens);
	let hash = Hash::from(openledger_blobs::hash(&prompt));
	let (request, payer) = match &asked.openledger {
		Some(paid) => (scale("request", &paid.request)?, scale("signature", &paid.signature)?),
		None => {
			let key = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
			let key = key.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(|| {
				Refusal::payment(
					"an answer is paid first, out of a channel: open one with `openledger ask` or \
					 attribution.fundChannel and send a signed request in the field `openledger`, \
					 or send an API key of this server (Authorization: Bearer KEY)",
				)
			})?;
			server.ledger.request_for_key(key, &served, hash, cost).await?
		},
	};
	let request: Request<AccountId32> = request;
	if request.prompt != hash {
		return Err(Refusal::payment("the payer signed another prompt"));
	}
	if request.model != served.model || request.adapter != served.adapter {
		return Err(Refusal::payment(format!(
			"the payer pins another adapter than {}",
			served.name()
		)));
	}
	server.ledger.check(&request, &payer, cost).await?;
	Ok((Order { served, blob, prompt, request, payer, tokens }, generator))
}

/// A piece of an answer on its way.
enum Piece {
	Text(String),
	End(Ending),
	Failed(String),
}

/// How an answer ended.
struct Ending {
	text: String,
	finish: &'static str,
	/// Of the prompt, and of the answer.
	usage: (usize, usize),
	/// What the operator signed and the blob that it is about: who paid can hold it to that.
	signed: Value,
}

async fn answer(
	server: Arc<Server>,
	headers: HeaderMap,
	body: String,
	chat: bool,
) -> Result<Response, Refusal> {
	let asked: Asked = serde_json::from_str(&body).map_err(Refusal::request)?;
	let turn = server.turn.clone().lock_owned().await;
	let (order, generator) = order(&server, &headers, &asked, chat).await?;
	let id = order.request.id();
	let about = Answer {
		id: format!("{}-{}", if chat { "chatcmpl" } else { "cmpl" }, hex::encode(id)),
		model: order.served.name(),
		created: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
		chat,
	};
	let include_usage = asked.stream_options.as_ref().is_some_and(|options| options.include_usage);
	let (pieces, received) = mpsc::unbounded_channel();
	let stops = asked.stops();
	let working = server.clone();
	tokio::task::spawn_blocking(move || {
		// Held until the receipt is on disk.
		let _turn = turn;
		let end = make(&working, &order, &generator, &stops, &pieces);
		let counter = match &end {
			Ok(_) => &working.counted.answers,
			Err(_) => &working.counted.failed,
		};
		counter.fetch_add(1, Ordering::Relaxed);
		let _ = pieces.send(end.unwrap_or_else(Piece::Failed));
		working.submit.notify_one();
	});

	let receipt = HeaderValue::from_str(&format!("{id:?}")).map_err(Refusal::server)?;
	let mut response = if asked.stream {
		let stream = async_stream(received, about, include_usage);
		Sse::new(stream).into_response()
	} else {
		let mut received = received;
		loop {
			match received.recv().await {
				Some(Piece::Text(_)) => {},
				Some(Piece::End(ending)) => {
					let mut whole = about.whole(&ending.text, ending.finish, ending.usage);
					whole["openledger"] = ending.signed;
					break Json(whole).into_response();
				},
				Some(Piece::Failed(why)) => return Err(Refusal::server(why)),
				None => return Err(Refusal::server("the model is gone")),
			}
		}
	};
	response.headers_mut().insert(RECEIPT, receipt);
	Ok(response)
}

/// The events of a stream, `[DONE]` last.
fn async_stream(
	received: mpsc::UnboundedReceiver<Piece>,
	about: Answer,
	include_usage: bool,
) -> impl futures::Stream<Item = Result<Event, std::convert::Infallible>> {
	let opening = about.opening().map(|opening| opening.to_string());
	let from = (received, about);
	let events = futures::stream::unfold(from, move |(mut received, about)| async move {
		let events = match received.recv().await? {
			Piece::Text(text) => vec![about.chunk(Some(&text), None).to_string()],
			Piece::End(ending) => {
				let mut last = about.chunk(None, Some(ending.finish));
				last["openledger"] = ending.signed;
				let usage = include_usage.then(|| about.usage(ending.usage).to_string());
				let done = "[DONE]".to_string();
				std::iter::once(last.to_string()).chain(usage).chain([done]).collect()
			},
			Piece::Failed(why) => {
				vec![json!({ "error": { "message": why, "type": "server_error" } }).to_string()]
			},
		};
		Some((futures::stream::iter(events), (received, about)))
	});
	let all = futures::stream::iter(opening).chain(events.flatten());
	all.map(|data| Ok(Event::default().data(data)))
}

/// Draws the answer, stores both blobs and the signed receipt.
fn make(
	server: &Server,
	order: &Order,
	generator: &std::sync::Mutex<Generator>,
	stops: &[String],
	pieces: &mpsc::UnboundedSender<Piece>,
) -> Result<Piece, String> {
	let mut generator = generator.lock().map_err(|_| "the model is gone")?;
	let base = generator.base().clone();
	let how = Sampling {
		temperature: order.blob.temperature,
		max_tokens: order.blob.max_tokens,
		seed: order.blob.seed,
	};
	let (mut drawn, mut sent) = (Vec::new(), 0);
	let (tokens, ended) = generator
		.generate(&order.tokens, how, |token| {
			drawn.push(token);
			// Bytes of a character may be spread over tokens: only whole ones are sent.
			let text = base.tokenizer.decode(&drawn).unwrap_or_default();
			if !text.ends_with('\u{fffd}') {
				sent += send(pieces, shown(&text, stops, false), sent);
			}
			!stops.iter().any(|stop| text.contains(stop.as_str()))
		})
		.map_err(|error| error.to_string())?;
	let text = base.tokenizer.decode(&tokens).map_err(|error| error.to_string())?;
	if tokens.is_empty() {
		return Err("the model had nothing to say; nothing was paid".into());
	}
	// The chain is told of all that was drawn, the reader of what stands before the stop.
	let said = shown(&text, stops, true).to_string();
	send(pieces, &said, sent);
	let response = ResponseBlob { salt: salt(), tokens, text };
	let bytes = serde_json::to_vec(&response).map_err(|error| error.to_string())?;
	let store =
		|bytes: &[u8]| server.store.put(Space::Private, bytes).map_err(|error| error.to_string());
	store(&order.prompt)?;
	let reply = Reply {
		request: order.request.id(),
		response: store(&bytes)?.into(),
		prompt_tokens: order.tokens.len() as u32,
		completion_tokens: response.tokens.len() as u32,
	};
	let entry = Entry {
		request: order.request.clone(),
		payer_signature: order.payer.clone(),
		operator_signature: server.ledger.sign(&reply),
		reply,
	};
	server
		.collector
		.outbox
		.put(&entry)
		.map_err(|error| format!("the receipt cannot be kept: {error}"))?;
	let usage = (order.tokens.len(), response.tokens.len());
	for (counter, tokens) in
		[(&server.counted.prompt_tokens, usage.0), (&server.counted.completion_tokens, usage.1)]
	{
		counter.fetch_add(tokens as u64, Ordering::Relaxed);
	}
	// What cannot be said now stands in `GET /v1/channels`.
	let owed = tokio::runtime::Handle::current()
		.block_on(server.collector.owed(&entry.request.payer))
		.unwrap_or_default();
	let signed = json!({
		"receipt": format!("{:?}", entry.reply.request),
		"reply": hex::encode(entry.reply.encode()),
		"signature": hex::encode(entry.operator_signature.encode()),
		"response": String::from_utf8_lossy(&bytes),
		"batched": server.collector.batches(),
		"owed": owed,
	});
	let finish = if ended { "stop" } else { "length" };
	Ok(Piece::End(Ending { text: said, finish, usage, signed }))
}

/// Sends what of the text was not sent yet; returns how many bytes.
fn send(pieces: &mpsc::UnboundedSender<Piece>, text: &str, sent: usize) -> usize {
	let rest = text.get(sent..).unwrap_or_default();
	if !rest.is_empty() {
		let _ = pieces.send(Piece::Text(rest.to_string()));
	}
	rest.len()
}
