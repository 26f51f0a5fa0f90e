use crate::{
	batch::{Account, NewBatch, Terms},
	outbox::Entry,
};
use async_trait::async_trait;
use openledger_core::{Balance, Eip712Domain, Hash, ModelId, Reply, Request, Voucher};
use openledger_influence_math::money;
use sp_core::crypto::AccountId32;
use sp_runtime::MultiSignature;

/// Why a request is not answered: HTTP status, OpenAI's error type, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
	/// HTTP status.
	pub status: u16,
	/// As in OpenAI's error envelope.
	pub kind: &'static str,
	/// What to do.
	pub message: String,
}

impl Refusal {
	/// The request itself is wrong.
	pub fn request(message: impl ToString) -> Self {
		Self { status: 400, kind: "invalid_request_error", message: message.to_string() }
	}

	/// It is not paid for.
	pub fn payment(message: impl ToString) -> Self {
		Self { status: 402, kind: "insufficient_quota", message: message.to_string() }
	}

	/// This server cannot now.
	pub fn server(message: impl ToString) -> Self {
		Self { status: 503, kind: "server_error", message: message.to_string() }
	}
}

/// A model version that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
	/// On chain.
	pub model: ModelId,
	/// The adapter that answers.
	pub adapter: Hash,
	/// The base model's manifest.
	pub base: Hash,
	/// Wei for a thousand tokens of prompt.
	pub input_price: Balance,
	/// Wei for a thousand tokens of answer.
	pub output_price: Balance,
	/// The least that an answer costs that is not in a batch, in wei.
	pub minimum_fee: Balance,
	/// The least that a token of prompt or answer costs then, in wei: what scoring it costs.
	pub scoring: Balance,
}

impl Served {
	/// Its name: the model version, pinned to the adapter.
	pub fn name(&self) -> String {
		format!("model:{}@{}", self.model, hex::encode(self.adapter))
	}

	/// What an answer of so many tokens costs, as the chain computes it.
	pub fn fee(&self, prompt: usize, answer: usize) -> Balance {
		let (minimum, scoring) = (self.minimum_fee, self.scoring);
		let least = money::least_fee(minimum, scoring, tokens(prompt), tokens(answer));
		self.cost(prompt, answer, least)
	}

	/// What so many tokens cost, and at least `minimum` wei.
	pub(crate) fn cost(&self, prompt: usize, answer: usize, minimum: Balance) -> Balance {
		let (input, output) =
			((self.input_price, tokens(prompt)), (self.output_price, tokens(answer)));
		money::fee(input, output, minimum).unwrap_or(Balance::MAX)
	}
}

fn tokens(count: usize) -> u32 {
	count.try_into().unwrap_or(u32::MAX)
}

/// The chain, as a server needs it.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
	/// The model versions that this operator serves.
	async fn served(&self) -> Result<Vec<Served>, Refusal>;

	/// What a payer has left here in wei, answers on their way taken off, and the last nonce used.
	async fn channel(&self, payer: &AccountId32) -> Result<(Balance, u64), Refusal>;

	/// Whether a signed request pays up to `cost` wei: signature, channel, nonce and expiry.
	async fn check(
		&self,
		request: &Request<AccountId32>,
		signature: &MultiSignature,
		cost: Balance,
	) -> Result<(), Refusal>;

	/// Signs a request for the account behind an API key.
	async fn request_for_key(
		&self,
		key: &str,
		model: &Served,
		prompt: Hash,
		maximum: Balance,
	) -> Result<(Request<AccountId32>, MultiSignature), Refusal>;

	/// The operator's signature.
	fn sign(&self, reply: &Reply) -> MultiSignature;

	/// Puts a receipt on chain. `Ok` also if it is there already or can never be taken.
	async fn submit(&self, entry: &Entry) -> Result<(), String>;

	/// Whether a hot key was drawn to score an answer with this prompt or response, or a batch with
	/// this list of items.
	async fn may_read(&self, key: [u8; 32], blob: Hash) -> bool;

	/// What batches depend on.
	async fn terms(&self) -> Result<Terms, Refusal>;

	/// The channel of a payer, if there is one.
	async fn account(&self, payer: &AccountId32) -> Result<Option<Account>, Refusal>;

	/// What Ethereum wallets sign vouchers under.
	fn domain(&self) -> Eip712Domain;

	/// The payer's signature of a voucher, if this server holds its key.
	fn sign_voucher(&self, voucher: &Voucher<AccountId32>) -> Option<MultiSignature>;

	/// Puts a batch, whose blob is stored, on chain.
	async fn submit_batch(&self, batch: &NewBatch) -> Result<(), Failure>;

	/// Closes the batches of this operator that are done.
	async fn close_batches(&self) -> Result<(), String>;

	/// Waits for the next block.
	async fn next_block(&self) -> Result<(), String>;
}

/// Why a batch was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
	/// It can be tried again.
	#[error("{0}")]
	Later(String),
	/// The chain will never take it.
	#[error("{0}")]
	Never(String),
}
