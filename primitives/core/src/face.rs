//! What the Solidity face asks of the pallets beyond what they ask of each other. Every trait has
//! one type that names its calls and a function that says what each costs, so that the face can
//! charge before it acts. A call acts for the account that it is given and checks its rights.

use crate::{
	AgentId, Balance, BatchId, DatanetId, Datanets, Hash, ModelId, Models, Rights, SkillId, Spans,
	Version,
};
use alloc::vec::Vec;
use openledger_spans_math::{Commitment, Fraud, Leaf, Shown};
use sp_runtime::{DispatchError, DispatchResult, Weight};

/// What is charged for on the face of the Datanets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DatanetsCall {
	/// [`DatanetsFace::create`].
	Create,
	/// [`DatanetsFace::set_curator`].
	SetCurator,
	/// [`DatanetsFace::set_at_risk`].
	SetAtRisk,
	/// [`DatanetsFace::contribute`].
	Contribute {
		/// How many rows.
		rows: u32,
	},
	/// [`DatanetsFace::buy_licence`].
	BuyLicence,
	/// [`DatanetsFace::claim`].
	Claim,
	/// [`DatanetsFace::put_at_risk`].
	PutAtRisk,
	/// [`DatanetsFace::release_at_risk`].
	ReleaseAtRisk,
	/// [`DatanetsFace::distribute`].
	Distribute {
		/// How many batches of the version are the group's.
		batches: u32,
	},
	/// [`DatanetsFace::buy_block`].
	BuyBlock,
	/// [`DatanetsFace::leave_block`].
	LeaveBlock,
	/// Any function that only reads.
	Read,
}

/// The terms of a Datanet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatanetTerms<AccountId> {
	/// Who may change them.
	pub owner: AccountId,
	/// Who reviews batches and publishes versions.
	pub curator: AccountId,
	/// What a licence may allow.
	pub rights: Rights,
	/// The price of a licence, in wei.
	pub price: Balance,
	/// Blocks after which a licence expires; zero for never.
	pub period: u32,
	/// The curator's part of what contributors earn, in basis points.
	pub curator_cut: u16,
}

/// Money that is claimed later, of what a call paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Given<AccountId> {
	/// The accepted rows got so much, in wei.
	Rows(Balance),
	/// An account that could not take it has so much more to claim, in wei.
	Credit(AccountId, Balance),
}

/// The Datanets as Solidity sees them.
pub trait DatanetsFace<AccountId>: Datanets<AccountId> {
	/// What a call costs.
	fn weight(call: DatanetsCall) -> Weight;
	/// Creates a Datanet that `who` owns and curates.
	fn create(
		who: AccountId,
		name: Vec<u8>,
		rights: Rights,
		price: Balance,
		period: u32,
		curator_cut: u16,
	) -> Result<DatanetId, DispatchError>;
	/// Appoints another curator on behalf of the owner.
	fn set_curator(who: AccountId, datanet: DatanetId, curator: AccountId) -> DispatchResult;
	/// Sets what contributors must have at risk, in wei, on behalf of the owner; returns all terms.
	fn set_at_risk(
		who: AccountId,
		datanet: DatanetId,
		amount: Balance,
	) -> Result<DatanetTerms<AccountId>, DispatchError>;
	/// Contributes rows by their hashes and lengths in bytes.
	fn contribute(
		who: AccountId,
		datanet: DatanetId,
		rows: Vec<(Hash, u32)>,
	) -> Result<BatchId, DispatchError>;
	/// Buys or renews a licence for at most `maximum` wei; returns what of that is claimed later.
	fn buy_licence(
		who: AccountId,
		datanet: DatanetId,
		rights: Rights,
		maximum: Balance,
	) -> Result<Vec<Given<AccountId>>, DispatchError>;
	/// Pays a contributor what its accepted rows are owed; returns how much, in wei.
	fn claim(datanet: DatanetId, who: AccountId) -> Result<Balance, DispatchError>;
	/// Puts at risk what the terms want, at most `maximum` wei; returns all that is at risk.
	fn put_at_risk(
		who: AccountId,
		datanet: DatanetId,
		maximum: Balance,
	) -> Result<Balance, DispatchError>;
	/// Returns what a contributor has at risk on behalf of itself or the owner; says how much it is.
	fn release_at_risk(
		by: AccountId,
		datanet: DatanetId,
		who: AccountId,
	) -> Result<Balance, DispatchError>;
	/// Divides what the group of a block has earned among its members; returns how much, in wei, and
	/// who got it if it has no members left.
	fn distribute(
		datanet: DatanetId,
		version: Version,
		block: u16,
	) -> Result<(Balance, Option<Given<AccountId>>), DispatchError>;
	/// Buys a contributor a block of its own for at most `maximum` wei; returns the price and who got
	/// it.
	fn buy_block(
		who: AccountId,
		datanet: DatanetId,
		maximum: Balance,
	) -> Result<(Balance, Option<Given<AccountId>>), DispatchError>;
	/// Gives the block of its own up on behalf of a contributor.
	fn leave_block(who: AccountId, datanet: DatanetId) -> DispatchResult;
	/// What the terms want at risk, and what an account has, in wei.
	fn at_risk(datanet: DatanetId, who: &AccountId) -> Option<(Balance, Balance)>;
	/// What a contributor may claim, in wei.
	fn claimable(datanet: DatanetId, who: &AccountId) -> Balance;
	/// Owner, curator and terms.
	fn terms(datanet: DatanetId) -> Option<DatanetTerms<AccountId>>;
}

/// The models as Solidity sees them: they are only read.
pub trait ModelsFace<AccountId>: Models<AccountId> {
	/// What a reading function costs.
	fn weight() -> Weight;
	/// The model versions that one improves on, the nearest first; at most 32.
	fn lineage(model: ModelId) -> Vec<ModelId>;
}

/// What is charged for on the face of the agents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AgentsCall {
	/// [`AgentsFace::register`].
	Register,
	/// [`AgentsFace::list_skill`].
	ListSkill,
	/// [`AgentsFace::call_skill`].
	CallSkill,
	/// [`AgentsFace::withdraw`].
	Withdraw,
	/// Any function that only reads.
	Read,
}

/// An agent as others see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentInfo<AccountId> {
	/// Who acts for it.
	pub owner: AccountId,
	/// The account that holds its money.
	pub wallet: AccountId,
	/// BLAKE2b-256 of its agent card.
	pub card: Hash,
	/// Whether it takes calls.
	pub active: bool,
}

/// The agents as Solidity sees them.
pub trait AgentsFace<AccountId> {
	/// What a call costs.
	fn weight(call: AgentsCall) -> Weight;
	/// Registers an agent by the hash of its card.
	fn register(who: AccountId, card: Hash) -> Result<AgentId, DispatchError>;
	/// Lists a skill at a price in wei on behalf of the agent's owner.
	fn list_skill(
		who: AccountId,
		agent: AgentId,
		card: Hash,
		price: Balance,
	) -> Result<SkillId, DispatchError>;
	/// Pays for a call of a skill, at most `maximum` wei; returns the number of the call.
	fn call_skill(
		who: AccountId,
		agent: AgentId,
		skill: SkillId,
		maximum: Balance,
		input: Hash,
	) -> Result<u64, DispatchError>;
	/// Takes money out of an agent's wallet on behalf of its owner.
	fn withdraw(who: AccountId, agent: AgentId, to: AccountId, amount: Balance) -> DispatchResult;
	/// A registered agent.
	fn agent(agent: AgentId) -> Option<AgentInfo<AccountId>>;
	/// Hash of the description and price in wei of a listed skill.
	fn skill(agent: AgentId, skill: SkillId) -> Option<(Hash, Balance)>;
}

/// What is charged for on the face of attribution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttributionCall {
	/// [`AttributionFace::claim`].
	Claim,
	/// [`AttributionFace::fund_channel`].
	FundChannel,
	/// [`AttributionFace::close_channel`].
	CloseChannel,
	/// [`AttributionFace::withdraw_channel`].
	WithdrawChannel,
	/// [`AttributionFace::challenge`] or [`AttributionFace::challenge_version`].
	Challenge,
	/// [`AttributionFace::scores`] under a design of this size.
	Scores {
		/// Blocks of rows.
		blocks: u32,
		/// Counterfactual adapters.
		adapters: u32,
	},
	/// [`AttributionFace::answer_items`] under a design of this size.
	AnswerItems {
		/// Blocks of rows.
		blocks: u32,
		/// Counterfactual adapters.
		adapters: u32,
	},
	/// Any other function that only reads.
	Read,
}

/// Where a receipt stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiptPhase {
	/// The committee is not drawn yet.
	Waiting,
	/// The committee commits.
	Commit,
	/// The committee reveals.
	Reveal,
	/// Contributors are paid by influence.
	Scored,
	/// Contributors are paid by the prior.
	Prior,
	/// The committee agrees; what it found can be challenged.
	Review,
	/// The tokens cannot have come from the model, or the operator miscounted them; the payer has its money
	/// back.
	Void,
	/// The operator withholds the prompt or the answer; contributors are paid by the prior.
	Withheld,
}

/// One paid answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReceiptInfo<AccountId> {
	/// Who paid.
	pub payer: AccountId,
	/// Who answered.
	pub operator: AccountId,
	/// The model version.
	pub model: ModelId,
	/// What was paid, in wei.
	pub fee: Balance,
	/// Where it stands.
	pub phase: ReceiptPhase,
}

/// Attribution as Solidity sees it.
pub trait AttributionFace<AccountId> {
	/// What a call costs.
	fn weight(call: AttributionCall) -> Weight;
	/// Blocks of rows and counterfactual adapters of a model's design.
	fn design(model: ModelId) -> Option<(u32, u32)>;
	/// Scores of a vector of log-probabilities (2^16 to the nat; base model, published and
	/// counterfactual adapters) under a model version: owner and score (2^36 to the nat) of each
	/// block of rows. `None` if the model has no design or the vector another length.
	fn scores(model: ModelId, y: &[i32]) -> Option<Vec<(AccountId, i128)>>;
	/// A receipt that is not pruned.
	fn receipt(id: Hash) -> Option<ReceiptInfo<AccountId>>;
	/// What a scored answer earns each block of rows, signed, with its standard error, in wei.
	fn answer_items(receipt: Hash) -> Option<Vec<(AccountId, i128, Balance)>>;
	/// What an account may claim, in wei.
	fn pending_rewards(who: &AccountId) -> Balance;
	/// Pays an account what it earned; returns how much, in wei.
	fn claim(who: AccountId) -> Result<Balance, DispatchError>;
	/// What a payer has left with an operator, in wei, and the last nonce that was paid.
	fn channel(payer: &AccountId, operator: &AccountId) -> Option<(Balance, u64)>;
	/// Sets `amount` wei aside for an operator's answers.
	fn fund_channel(payer: AccountId, operator: AccountId, amount: Balance) -> DispatchResult;
	/// Announces that a channel ends.
	fn close_channel(payer: AccountId, operator: AccountId) -> DispatchResult;
	/// Takes back what a closed channel has left, after its notice.
	fn withdraw_channel(payer: AccountId, operator: AccountId) -> DispatchResult;
	/// Puts a bond up against what the committee of a receipt agrees on; returns it, in wei.
	fn challenge(who: AccountId, receipt: Hash) -> Result<Balance, DispatchError>;
	/// Puts a bond up that adapters of an active model version do not reproduce, those of the given
	/// numbers or, without any, drawn ones; returns it, in wei, and whether it is put up against what a
	/// committee agrees on.
	fn challenge_version(
		who: AccountId,
		model: ModelId,
		adapters: Vec<u16>,
	) -> Result<(Balance, bool), DispatchError>;
	/// The present period.
	fn period() -> u32;
	/// What a model version has to settle of a period: the contributors' parts of all fees, in wei, and
	/// how many answers were scored.
	fn unsettled(model: ModelId, period: u32) -> (Balance, u32);
	/// Whether answers of a model version are paid for.
	fn is_active(model: ModelId) -> bool;
}

/// What is charged for on the face of the span indices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpansCall {
	/// [`SpansFace::register`].
	Register,
	/// [`SpansFace::challenge`].
	Challenge,
	/// [`SpansFace::retire`].
	Retire,
	/// [`SpansFace::remove`].
	Remove,
	/// [`SpansFace::demand`].
	Demand,
	/// [`SpansFace::show`].
	Show,
	/// [`SpansFace::end_demand`].
	EndDemand,
	/// Any function that only reads.
	Read,
	/// [`Spans::verify_span`] in an index of so many levels ([`Commitment::levels`]), without reading
	/// it.
	Span {
		/// Of the suffix array's tree.
		levels: u32,
	},
	/// [`Spans::verify_count`] in an index of so many levels, without reading it.
	Count {
		/// Of the suffix array's tree.
		levels: u32,
	},
	/// [`Spans::verify_occurrence`] in an index of so many levels, without reading it.
	Occurrence {
		/// Of the suffix array's tree.
		levels: u32,
	},
}

/// The span indices as Solidity sees them.
pub trait SpansFace<AccountId>: Spans {
	/// What a call costs.
	fn weight(call: SpansCall) -> Weight;
	/// Who registered an index and answers for it.
	fn registrant(datanet: DatanetId, version: Version) -> Option<AccountId>;
	/// Registers an index and holds the bond of `who`; returns from which block on it is final.
	fn register(
		who: AccountId,
		datanet: DatanetId,
		version: Version,
		commitment: Commitment,
	) -> Result<u32, DispatchError>;
	/// Removes an index that has a fault; returns who had registered it and what `who` gets, in wei.
	fn challenge(
		who: AccountId,
		datanet: DatanetId,
		version: Version,
		fraud: Fraud,
	) -> Result<(AccountId, Balance), DispatchError>;
	/// Announces that the index of `who` ends; returns from which block on it may be removed.
	fn retire(who: AccountId, datanet: DatanetId, version: Version) -> Result<u32, DispatchError>;
	/// Removes a retired index after its delay.
	fn remove(datanet: DatanetId, version: Version) -> DispatchResult;
	/// Demands that a leaf be shown and holds the stake of `who`; returns the last block for it.
	fn demand(
		who: AccountId,
		datanet: DatanetId,
		version: Version,
		leaf: Leaf,
	) -> Result<u32, DispatchError>;
	/// Shows a leaf that is demanded, for the stake.
	fn show(who: AccountId, datanet: DatanetId, version: Version, shown: Shown) -> DispatchResult;
	/// Ends a demand that was not met in time or whose index is gone; returns whose it was and, if the
	/// index falls with it, who had registered that and what the other gets, in wei.
	fn end_demand(
		datanet: DatanetId,
		version: Version,
		leaf: Leaf,
	) -> Result<(AccountId, Option<(AccountId, Balance)>), DispatchError>;
}
