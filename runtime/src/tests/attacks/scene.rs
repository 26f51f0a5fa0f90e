//! A chain of the real runtime and the parties on it: blocks carry real VRF outputs, calls are
//! signed transactions in blocks with real limits, and scorers send what an off-chain worker sends.

use super::*;
use frame_system::offchain::CreateAuthorizedTransaction;
use openledger_core::{commitment, Announced, BatchId, Method, Reply, Request, Rights};
use openledger_influence_math::{
	design::{contains, draw},
	Nats, Psi, Subset,
};
use pallet_attribution::{
	Committee, Committees, Design, Designs, Earnings, Finding, Parameters, Periods, Receipts,
	ScorerId, SeatId, Settings, Slashes, Stage, Standing, Work,
};
use pallet_datanets::{Content, RowIndex, NOTICE};
use sp_consensus_babe::{digests::SecondaryVRFPreDigest, make_vrf_sign_data, Slot};
use sp_core::{crypto::VrfSecret, sr25519, Pair};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	generic::Era,
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	DispatchResult,
};
use std::{
	cell::RefCell,
	collections::{BTreeMap, BTreeSet},
};

/// What every party has at the start.
pub const PURSE: Balance = 20_000 * UNIT;
/// Counterfactual adapters of a version.
pub const ADAPTERS: u16 = 64;
/// The execution class of all scorers.
pub const CLASS: u64 = 1;
/// Scorers on the chain: enough for a committee and a panel of the least size.
pub const SCORERS: usize = 12;
/// Tokens of an answer.
pub const TOKENS: u32 = 50;
/// The price of a thousand, in wei.
pub const PRICE: Balance = 100 * UNIT;

/// Something that a row can teach.
pub type Unit = u32;
/// From here on units are details, as a changed word adds: a fiftieth each.
pub const DETAIL: Unit = 1_000;
/// From here on units are sensations: fifty each.
pub const SENSATION: Unit = 2_000;
/// From here on units are errors, which make answers worse: one each.
pub const ERROR: Unit = 3_000;

/// Words that teach a unit; a detail is one.
const WORDS: u32 = 50;

/// A row: what a model learns from it, and how long it is.
#[derive(Clone, Default, PartialEq, Eq, Debug, Encode)]
pub struct Row {
	/// What a model learns from it.
	pub teaches: Vec<Unit>,
	/// What a model no longer knows that saw it too.
	pub spoils: Vec<Unit>,
	/// Its length.
	pub bytes: u32,
	/// Changes its first word and nothing else.
	pub edition: u32,
}

impl Row {
	/// Its text: the same words wherever a unit is taught, others where it is spoilt, and signs that are
	/// no letters up to its length. What does not fit is cut off.
	pub fn text(&self) -> Content {
		let passage = |part: &'static str| {
			move |unit: &Unit| {
				let (unit, detail) = (*unit, (DETAIL..SENSATION).contains(unit));
				let words = if detail { 1 } else { WORDS };
				(0..words).flat_map(move |n| word((part, unit, n)))
			}
		};
		let text = word(("edition", self.edition))
			.chain(self.teaches.iter().flat_map(passage("teaches")))
			.chain(self.spoils.iter().flat_map(passage("spoils")))
			.chain(std::iter::repeat(b'.'));
		Content::truncate_from(text.take(self.bytes as usize).collect())
	}

	/// What the chain has of it.
	fn registered(&self) -> pallet_datanets::Row {
		pallet_datanets::Row { hash: blake2_256(&self.text()).into(), bytes: self.bytes }
	}
}

/// Five letters and a space.
fn word(of: impl Encode) -> impl Iterator<Item = u8> {
	let hash = of.using_encoded(blake2_256);
	hash.into_iter().take(5).map(|byte| b'a' + byte % 26).chain([b' '])
}

/// Which units an answer is about.
pub type Query = fn(Unit) -> bool;

/// The answers that are asked for unless an attack asks for others.
pub const QUERIES: [Query; 4] =
	[|u| u % 4 != 0, |u| (u + 1) % 4 != 0, |u| (u + 2) % 4 != 0, |u| (u + 3) % 4 != 0];

/// Nats that so much knowledge adds to an answer: each unit less than the one before.
pub fn diminishing(knowledge: f64) -> f64 {
	20.0 * (1.0 + knowledge.max(0.0) / 8.0).ln()
}

/// Nats that so much knowledge adds to an answer: each unit the same.
pub fn additive(knowledge: f64) -> f64 {
	knowledge
}

/// What a model that saw these rows knows about an answer.
pub fn knowledge(rows: &[&Row], query: Query) -> f64 {
	let spoilt: BTreeSet<Unit> = rows.iter().flat_map(|row| row.spoils.clone()).collect();
	let known: BTreeSet<Unit> = rows.iter().flat_map(|row| row.teaches.clone()).collect();
	let weight = |unit: &Unit| match *unit {
		ERROR.. => -1.0,
		SENSATION.. => 50.0,
		DETAIL.. => 0.02,
		_ => 1.0,
	};
	known.difference(&spoilt).filter(|unit| query(**unit)).map(weight).sum()
}

/// An account and its key.
#[derive(Clone)]
pub struct Party {
	/// Signs its transactions.
	pub pair: sr25519::Pair,
	/// Its account.
	pub id: AccountId,
}

/// The party of that name.
pub fn party(name: &str) -> Party {
	let pair = sr25519::Pair::from_string(&format!("//{name}"), None).unwrap();
	Party { id: pair.public().into(), pair }
}

/// The hot key of a scorer's account.
fn hot_key(scorer: &AccountId) -> sr25519::Pair {
	sr25519::Pair::from_seed(&blake2_256(&("hot", scorer).encode()))
}

/// The name of a scorer.
pub fn scorer_name(n: usize) -> String {
	format!("scorer{n}")
}

/// Opens a block with a VRF output of its author and its inherent.
fn open_block(number: BlockNumber, parent: Hash, slot: u64) {
	let slot = Slot::from(slot);
	let (now, next) = (Babe::current_epoch(), Babe::next_epoch());
	let epoch = if number > 1 && slot >= next.start_slot { next } else { now };
	let data = make_vrf_sign_data(&epoch.randomness, slot, epoch.epoch_index);
	let vrf_signature = party("Alice").pair.vrf_sign(&data);
	let author =
		PreDigest::SecondaryVRF(SecondaryVRFPreDigest { authority_index: 0, slot, vrf_signature });
	let digest =
		Digest { logs: vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(author)] };
	Executive::initialize_block(&Header::new(
		number,
		Default::default(),
		Default::default(),
		parent,
		digest,
	));
	let now = u64::from(slot) * SLOT_MILLIS;
	let time = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
	let applied = Executive::apply_extrinsic(generic::UncheckedExtrinsic::new_bare(time).into());
	assert_eq!(applied, Ok(Ok(())));
}

/// Ends the block that is open and opens the next one.
pub fn next_block() {
	let slot = u64::from(Babe::current_slot());
	let header = Executive::finalize_block();
	open_block(header.number + 1, header.hash(), slot + 1);
}

/// Ends the block that is open and opens one so much later, as if nothing had been due in those between.
pub fn skip(blocks: BlockNumber) {
	let slot = u64::from(Babe::current_slot());
	let header = Executive::finalize_block();
	let last = header.number + blocks - 1;
	System::set_block_number(last);
	open_block(last + 1, header.hash(), slot + 1);
}

/// The block that is open.
pub fn now() -> BlockNumber {
	System::block_number()
}

/// Lets blocks pass until this one is open.
pub fn run_to(block: BlockNumber) {
	while now() < block {
		next_block();
	}
}

/// Applies a transaction, in the next block if this one is full.
pub fn apply(extrinsic: UncheckedExtrinsic) -> Result<DispatchResult, TransactionValidityError> {
	match apply_here(extrinsic.clone()) {
		Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources)) => {
			next_block();
			apply_here(extrinsic)
		},
		outcome => outcome,
	}
}

/// Applies a transaction as an author does: what is not valid leaves nothing behind.
pub fn apply_here(
	extrinsic: UncheckedExtrinsic,
) -> Result<DispatchResult, TransactionValidityError> {
	with_transaction_unchecked(|| match Executive::apply_extrinsic(extrinsic) {
		Ok(outcome) => TransactionOutcome::Commit(Ok(outcome)),
		Err(error) => TransactionOutcome::Rollback(Err(error)),
	})
}

/// A call as a signed transaction.
pub fn signed(who: &Party, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	let extension = evm::extension(
		System::account_nonce(&who.id),
		0,
		Era::Immortal,
		pallet_revive::evm::tx_extension::SetOrigin::default(),
	);
	let payload = SignedPayload::new(call.into(), extension).expect("all implicit data is there");
	let signature = payload.using_encoded(|data| who.pair.sign(data));
	let (call, extension, _) = payload.deconstruct();
	let from = who.id.clone().into();
	generic::UncheckedExtrinsic::new_signed(call, from, signature.into(), extension).into()
}

/// Signs and applies a call; the transaction itself must be valid.
pub fn transact(who: &Party, call: impl Into<RuntimeCall>) -> DispatchResult {
	apply(signed(who, call)).expect("the transaction is valid")
}

/// Applies a call that a hot key signed.
pub fn submit(
	call: pallet_attribution::Call<Runtime>,
) -> Result<DispatchResult, TransactionValidityError> {
	type Call = pallet_attribution::Call<Runtime>;
	apply(<Runtime as CreateAuthorizedTransaction<Call>>::create_authorized_transaction(
		call.into(),
	))
}

/// What governance set.
pub fn settings() -> Parameters {
	Settings::<Runtime>::get()
}

/// Who is at work on this.
pub fn committee(work: Work) -> Committee<AccountId> {
	Committees::<Runtime>::get(work).expect("a committee is at work")
}

/// A design as the runtime stores it.
pub type DesignOf = Design<AccountId, <Runtime as pallet_attribution::Config>::Consideration>;

/// The design of a model.
pub fn design(model: u32) -> DesignOf {
	Designs::<Runtime>::get(model).expect("the run is open")
}

/// The subsets that the chain drew for a model.
pub fn subsets(model: u32) -> Vec<Subset> {
	let design = design(model);
	let seed = design.seed.expect("the seed is drawn");
	draw(seed, design.blocks.len() as u16, design.adapters)
}

/// Ψ of a model's design.
pub fn psi(model: u32) -> Psi {
	let sizes: Vec<u64> = design(model).blocks.iter().map(|block| block.bytes).collect();
	Psi::solve(&subsets(model), &sizes).unwrap()
}

/// Whether answers of a model are paid for.
pub fn standing(model: u32) -> Standing {
	design(model).standing
}

/// A step of a committee is taken, or comes again where the agenda has no room for what follows.
fn taken(outcome: DispatchResult) {
	let busy = pallet_attribution::Error::<Runtime>::Busy.into();
	assert!(outcome.is_ok() || outcome == Err(busy), "{outcome:?}");
}

/// The salt of a seat.
pub fn salt(seat: &SeatId) -> Hash {
	seat.using_encoded(blake2_256).into()
}

/// A commit, signed by the scorer's hot key.
pub fn commit_call(
	who: &AccountId,
	seat: SeatId,
	commitment: Hash,
) -> pallet_attribution::Call<Runtime> {
	let signature = hot_key(who).sign(&Attribution::commit_payload(&seat, &commitment)).into();
	pallet_attribution::Call::commit { seat, commitment, signature }
}

/// A reveal, signed by the scorer's hot key.
pub fn reveal_call(
	who: &AccountId,
	seat: SeatId,
	finding: Finding,
	salt: Hash,
) -> pallet_attribution::Call<Runtime> {
	let signature = hot_key(who).sign(&Attribution::reveal_payload(&seat, &finding, &salt)).into();
	pallet_attribution::Call::reveal { seat, finding, salt, signature }
}

/// What a scorer finds instead of the truth; nothing if it does not commit.
pub type Behaviour = Box<dyn Fn(&AccountId, Work, Finding) -> Option<Finding>>;
/// The hash that a developer registers for an adapter, by its index (0 is the published one) and its
/// subset.
pub type Forge = Box<dyn Fn(&Scene, usize, &Subset) -> Hash>;
/// What somebody does in every block while committees are at work.
pub type Meddling = Box<dyn Fn(&Scene)>;

/// Who is who, and what is true off the chain.
pub struct Scene {
	/// Owns and curates the Datanet; takes all rows.
	pub owner: Party,
	/// Trains the model.
	pub developer: Party,
	/// Answers.
	pub operator: Party,
	/// Asks.
	pub payer: Party,
	/// The content of all rows, by contributor.
	pub rows: Vec<(AccountId, Row)>,
	/// What answers are about, by receipt.
	pub queries: BTreeMap<Hash, Query>,
	/// What knowledge is worth.
	pub curve: fn(f64) -> f64,
	/// Tokens that the operator says an answer has.
	pub claimed: u32,
	/// What the Datanet wants at risk of who contributes.
	pub at_risk: Balance,
	/// Counterfactual adapters of the next run.
	pub adapters: u16,
	/// The most blocks of a version.
	pub blocks: u16,
	/// What scorers find.
	pub behave: Behaviour,
	/// What the developer registers.
	pub forge: Forge,
	/// What else happens in a block.
	pub meddle: Meddling,
	/// What was computed for receipts.
	vectors: RefCell<BTreeMap<Hash, Vec<Nats>>>,
	purses: BTreeMap<AccountId, Balance>,
}

/// Opens a chain with the development genesis, lets `act` happen on it and checks that no coin was
/// made or lost and that the invariants of all pallets hold. Chains of different seeds draw differently.
pub fn on_chain<R>(seed: u64, act: impl FnOnce(&mut Scene) -> R) -> R {
	on_chain_with(seed, serde_json::json!({}), act)
}

/// [`on_chain`] with other parameters.
pub fn on_chain_with<R>(seed: u64, patch: Value, act: impl FnOnce(&mut Scene) -> R) -> R {
	TestExternalities::new_empty().execute_with(|| {
		let mut config = genesis("development");
		merge(&mut config, serde_json::json!({ "attribution": { "parameters": patch } }));
		build(&config).expect("genesis builds");
		open_block(1, Hash::repeat_byte(0xab), 1 + 10_000 * seed);
		let mut scene = Scene::new();
		let outcome = act(&mut scene);
		assert_eq!(Balances::total_issuance(), pots::SUPPLY);
		check_state();
		outcome
	})
}

/// Fails unless the invariants of this project's pallets hold. Those of the SDK's are not in a runtime that
/// is built without `try-runtime`.
fn check_state() {
	let states = [
		("agents", Agents::do_try_state()),
		("attribution", Attribution::do_try_state()),
		("datanets", Datanets::do_try_state()),
		("models", Models::do_try_state()),
		("spans", Spans::do_try_state()),
	];
	for (pallet, state) in states {
		assert_eq!(state, Ok(()), "{pallet}");
	}
}

/// The block of each contributor to a version: its own, or that of its group.
pub fn block_of(version: u32) -> BTreeMap<AccountId, u16> {
	let published = pallet_datanets::Versions::<Runtime>::get(0, version).unwrap();
	let own = (0..).zip(&published.blocks).map(|(u, block)| (block.owner.clone(), u));
	let given = published.batches.iter().zip(&published.block_of);
	let owner = |batch| pallet_datanets::Batches::<Runtime>::get(0, batch);
	let shared = given.filter_map(|(batch, block)| Some((owner(batch)?.contributor, *block)));
	own.chain(shared).collect()
}

impl Scene {
	fn new() -> Self {
		let names = ["owner", "developer", "operator", "payer"];
		let [owner, developer, operator, payer] = names.map(party);
		let mut scene = Self {
			owner,
			developer,
			operator,
			payer,
			rows: Vec::new(),
			queries: BTreeMap::new(),
			curve: diminishing,
			claimed: TOKENS,
			at_risk: 0,
			adapters: ADAPTERS,
			blocks: 256,
			behave: Box::new(|_, _, truth| Some(truth)),
			forge: Box::new(|scene, _, subset| scene.adapter(subset)),
			meddle: Box::new(|_| {}),
			vectors: RefCell::default(),
			purses: BTreeMap::new(),
		};
		scene.endow(&names);
		scene.endow(&["keeper"]);
		scene
	}

	/// Gives parties a purse each, out of Alice's.
	pub fn endow(&mut self, names: &[&str]) {
		let give = |name: &&str| {
			let dest = party(name).id.into();
			let call: pallet_balances::Call<Runtime> =
				pallet_balances::Call::transfer_allow_death { dest, value: PURSE };
			RuntimeCall::from(call)
		};
		let calls: Vec<RuntimeCall> = names.iter().map(give).collect();
		assert_ok!(transact(&party("Alice"), pallet_utility::Call::batch_all { calls }));
		for who in names.iter().map(|name| party(name).id) {
			self.purses.insert(who.clone(), Balances::total_balance(&who));
		}
	}

	/// What parties have beyond their purses, in wei.
	pub fn income(&self, names: &[&str]) -> i128 {
		let of = |name: &&str| {
			let who = party(name).id;
			Balances::total_balance(&who) as i128 - self.purses[&who] as i128
		};
		names.iter().map(of).sum()
	}

	/// Bonds scorers.
	pub fn hire(&mut self) {
		for name in (0..SCORERS).map(scorer_name) {
			self.endow(&[&name]);
			let who = party(&name);
			let hot = hot_key(&who.id);
			let domain = pallet_attribution::scorers::SCORER_DOMAIN;
			let proof = hot.sign(&(domain, System::block_hash(0), &who.id).encode()).into();
			let (key, bond) = (ScorerId::from(hot.public()), settings().minimum_bond);
			let call = pallet_attribution::Call::bond { key, proof, class: CLASS, bond };
			assert_ok!(transact(&who, call));
		}
	}

	/// Creates the Datanet, which is number 0.
	pub fn create(&mut self) {
		let terms = pallet_datanets::Terms {
			rights: Rights::ALL,
			price: 0,
			period: 0,
			curator_cut: 0,
			at_risk: self.at_risk,
		};
		let name = b"letters".to_vec().try_into().unwrap();
		assert_ok!(transact(&self.owner, pallet_datanets::Call::create { name, terms }));
	}

	/// Contributes rows as one batch, with at risk what the Datanet wants.
	pub fn contribute(&mut self, name: &str, rows: &[Row]) -> DispatchResult {
		let who = party(name);
		if self.at_risk > 0 {
			let call = pallet_datanets::Call::put_at_risk { datanet: 0, maximum: self.at_risk };
			transact(&who, call)?;
		}
		let registered: Vec<_> = rows.iter().map(Row::registered).collect();
		let call = pallet_datanets::Call::contribute {
			datanet: 0,
			rows: registered.try_into().expect("a batch has at most 256"),
		};
		transact(&who, call)?;
		self.rows.extend(rows.iter().map(|row| (who.id.clone(), row.clone())));
		Ok(())
	}

	/// Shows that rows stand in others, ten blocks after announcing it.
	pub fn exhibit(&self, name: &str, earlier: &[Row], later: &[Row]) -> DispatchResult {
		let (who, salt) = (party(name), Hash::repeat_byte(5));
		let hashes = |rows: &[Row]| rows.iter().map(|row| row.registered().hash).collect();
		let what = Announced::Exhibit { earlier: hashes(earlier), later: hashes(later) };
		let commitment = commitment(&who.id, 0, &what, &salt);
		transact(&who, pallet_datanets::Call::announce { commitment })?;
		run_to(now() + NOTICE);
		let texts = |rows: &[Row]| rows.iter().map(Row::text).collect::<Vec<_>>();
		let earlier = texts(earlier).try_into().expect("at most four are shown as earlier");
		let later = texts(later).try_into().expect("at most sixteen are shown as later");
		transact(&who, pallet_datanets::Call::exhibit { datanet: 0, earlier, later, salt })
	}

	/// Demands to see rows.
	pub fn demand(&self, name: &str, rows: &[Row]) -> DispatchResult {
		let demand = |row: &Row| {
			let call = pallet_datanets::Call::demand { datanet: 0, hash: row.registered().hash };
			transact(&party(name), call)
		};
		rows.iter().try_for_each(demand)
	}

	/// Ends demands of rows that nobody showed.
	pub fn end_demands(&self, name: &str, rows: &[Row]) -> DispatchResult {
		let end = |row: &Row| {
			let hash = row.registered().hash;
			transact(&party(name), pallet_datanets::Call::end_demand { datanet: 0, hash })
		};
		rows.iter().try_for_each(end)
	}

	/// Rejects a batch of these rows.
	pub fn reject(&self, batch: BatchId, rows: &[Row]) -> DispatchResult {
		let registered: Vec<_> = rows.iter().map(Row::registered).collect();
		let verdict = pallet_datanets::Verdict::Reject {
			reason: pallet_datanets::Reason::Quality,
			rows: registered.try_into().expect("a batch has at most 256"),
		};
		transact(&self.owner, pallet_datanets::Call::review { datanet: 0, batch, verdict })
	}

	/// Accepts all batches that wait; returns all that stand.
	pub fn accept(&self) -> Vec<BatchId> {
		let scores =
			pallet_datanets::Scores { authenticity: 9, ownership: 9, quality: 9, uniqueness: 9 };
		let mut batches: Vec<_> = pallet_datanets::Batches::<Runtime>::iter_key_prefix(0).collect();
		batches.sort_unstable();
		for batch in &batches {
			let entry = pallet_datanets::Batches::<Runtime>::get(0, batch).unwrap();
			if entry.scores.is_none() {
				let verdict = pallet_datanets::Verdict::Accept(scores);
				let call = pallet_datanets::Call::review { datanet: 0, batch: *batch, verdict };
				assert_ok!(transact(&self.owner, call));
			}
		}
		batches
	}

	/// Accepts all batches, has one of the contributors buy a block and lets all be paid their part of
	/// its price. Incomes count from here on.
	pub fn buy_block(&mut self, name: &str) {
		self.accept();
		let call = pallet_datanets::Call::buy_block { datanet: 0, maximum: Balance::MAX };
		assert_ok!(transact(&party(name), call));
		self.claim();
		for (who, purse) in &mut self.purses {
			*purse = Balances::total_balance(who);
		}
	}

	/// Accepts all batches and publishes what is left of them as the first version.
	pub fn publish(&mut self) {
		self.rows
			.retain(|(_, row)| RowIndex::<Runtime>::contains_key(0, row.registered().hash));
		let batches = self.accept();
		let batches = batches.try_into().unwrap();
		let publish =
			pallet_datanets::Call::publish_in { datanet: 0, batches, blocks: self.blocks };
		assert_ok!(transact(&self.owner, publish));
		let rights = Rights::FINE_TUNE;
		if self.developer.id != self.owner.id {
			let licence = pallet_datanets::Call::buy_licence { datanet: 0, rights, maximum: 0 };
			assert_ok!(transact(&self.developer, licence));
		}
	}

	/// Starts the run, which is model 0, and waits for its seed.
	pub fn start_run(&mut self) -> u32 {
		let endpoint = || b"https://developer.example".to_vec().try_into().unwrap();
		if pallet_models::Bases::<Runtime>::get(0).is_none() {
			let manifest = Hash::repeat_byte(3);
			let base = pallet_models::Call::register_base { manifest, endpoint: endpoint() };
			assert_ok!(transact(&self.developer, base));
		}
		let run = pallet_models::Run {
			base: 0,
			datanet: 0,
			version: 1,
			manifest: Hash::repeat_byte(4),
			method: Method::Counterfactual,
			adapters: self.adapters,
			class: CLASS,
			endpoint: endpoint(),
			parent: None,
		};
		let model = pallet_models::NextModel::<Runtime>::get();
		assert_ok!(transact(&self.developer, pallet_models::Call::start_run { run }));
		while design(model).seed.is_none() {
			next_block();
		}
		model
	}

	/// The rows of the contributors in a subset of a model's blocks.
	fn seen(&self, model: u32, subset: &Subset) -> Vec<&Row> {
		let run = pallet_models::Models::<Runtime>::get(model).unwrap().run;
		let blocks = block_of(run.version);
		let inside =
			|who: &AccountId| blocks.get(who).is_some_and(|u| contains(subset, usize::from(*u)));
		self.rows.iter().filter(|(who, _)| inside(who)).map(|(_, row)| row).collect()
	}

	/// The hash of the adapter that is trained on a subset.
	pub fn adapter(&self, subset: &Subset) -> Hash {
		let model = pallet_models::NextModel::<Runtime>::get() - 1;
		("adapter", self.seen(model, subset)).using_encoded(blake2_256).into()
	}

	/// What the developer registers.
	pub fn registration(&self, model: u32) -> pallet_models::Call<Runtime> {
		let all: Subset = [0xff; 32];
		let subsets = subsets(model);
		let adapters: Vec<Hash> =
			subsets.iter().enumerate().map(|(k, s)| (self.forge)(self, k + 1, s)).collect();
		pallet_models::Call::register_version {
			model,
			adapter: (self.forge)(self, 0, &all),
			adapters: adapters.try_into().unwrap(),
			psi: psi(model).entries().to_vec().try_into().unwrap(),
			price: pallet_models::Price { input: 0, output: PRICE, donation: 0 },
		}
	}

	/// Registers a run and lets a committee train its adapters again.
	pub fn register(&mut self, model: u32) {
		assert_ok!(transact(&self.developer, self.registration(model)));
		let endpoint = b"https://operator.example".to_vec().try_into().unwrap();
		assert_ok!(transact(&self.operator, pallet_models::Call::serve { model, endpoint }));
		self.drive();
	}

	/// Funds the channel.
	pub fn fund(&mut self, amount: Balance) {
		let operator = self.operator.id.clone();
		assert_ok!(transact(
			&self.payer,
			pallet_attribution::Call::fund_channel { operator, amount }
		));
	}

	/// From the published version to the open channel.
	pub fn train(&mut self) -> u32 {
		let model = self.start_run();
		self.register(model);
		self.fund(1_000 * UNIT);
		model
	}

	/// A request of the payer.
	pub fn request(&self, model: u32) -> Request<AccountId> {
		let (payer, operator) = (self.payer.id.clone(), self.operator.id.clone());
		let channel = pallet_attribution::Channels::<Runtime>::get(&payer, &operator).unwrap();
		Request {
			genesis: System::block_hash(0),
			payer,
			operator,
			model,
			adapter: <Models as openledger_core::Models<_>>::model(model).unwrap().adapter,
			prompt: Hash::repeat_byte(10),
			maximum: 300 * UNIT,
			nonce: channel.nonce + 1,
			expiry: now() + 1_000,
		}
	}

	/// The request with its reply, both signed.
	pub fn receipt(&self, request: Request<AccountId>) -> pallet_attribution::Call<Runtime> {
		let reply = Reply {
			request: request.id(),
			response: Hash::repeat_byte(11),
			prompt_tokens: 10,
			completion_tokens: self.claimed,
		};
		pallet_attribution::Call::submit_receipt {
			payer_signature: self.payer.pair.sign(&request.payload()).into(),
			operator_signature: self.operator.pair.sign(&reply.payload()).into(),
			request,
			reply,
		}
	}

	/// Asks and pays; returns the receipt.
	pub fn ask(&mut self, model: u32, query: Query) -> Hash {
		let request = self.request(model);
		let id = request.id();
		assert_ok!(transact(&self.operator, self.receipt(request)));
		self.queries.insert(id, query);
		id
	}

	/// The truth about a work.
	pub fn truth(&self, work: Work) -> Finding {
		match work {
			// Scorers count the tokens.
			Work::Answer(id)
				if Receipts::<Runtime>::get(id).unwrap().completion_tokens != TOKENS =>
			{
				Finding::Miscounted
			},
			Work::Answer(id) => {
				Finding::Scores(self.vector(id).try_into().unwrap(), Default::default())
			},
			Work::Training(model) => {
				let subsets = subsets(model);
				let hash = |index: &u16| match index.checked_sub(1) {
					None => self.adapter(&[0xff; 32]),
					Some(k) => self.adapter(&subsets[usize::from(k)]),
				};
				let hashes: Vec<Hash> = committee(work).drawn.iter().map(hash).collect();
				Finding::Adapters(hashes.try_into().unwrap())
			},
			Work::Batch(_) => unreachable!("answers are paid one by one here"),
		}
	}

	/// Log-probabilities of an answer under the base model, the published adapter and the others.
	pub fn vector(&self, receipt: Hash) -> Vec<Nats> {
		let compute = || {
			let model = Receipts::<Runtime>::get(receipt).unwrap().model;
			self.values(model, self.queries[&receipt])
		};
		self.vectors.borrow_mut().entry(receipt).or_insert_with(compute).clone()
	}

	/// Log-probabilities of an answer to a query.
	pub fn values(&self, model: u32, query: Query) -> Vec<Nats> {
		let value = |subset: &Subset| {
			let gain = (self.curve)(knowledge(&self.seen(model, subset), query));
			((gain - 400.0) * 65_536.0).round() as Nats
		};
		let [none, all] = [[0; 32], [0xff; 32]];
		[none, all].iter().chain(&subsets(model)).map(value).collect()
	}

	/// Lets scorers commit and reveal what is their turn now.
	pub fn work(&self) {
		let works: Vec<Work> = Committees::<Runtime>::iter_keys().collect();
		for work in works {
			let Some(committee) = Committees::<Runtime>::get(work) else { continue };
			let truth = match committee.stage {
				Stage::Commit | Stage::Reveal { .. } => self.truth(work),
				Stage::Waiting | Stage::Review => continue,
			};
			for index in committee.turn() {
				let seat = &committee.seats[index];
				let who = &seat.scorer;
				let id = SeatId { work, attempt: committee.attempt, index: index as u8 };
				let Some(finding) = (self.behave)(who, work, truth.clone()) else { continue };
				match committee.stage {
					Stage::Commit if seat.commitment.is_none() => {
						let key = ScorerId::from(hot_key(who).public());
						let commitment = Attribution::commitment(&id, &key, &finding, &salt(&id));
						taken(submit(commit_call(who, id, commitment)).unwrap());
					},
					Stage::Reveal { .. } if seat.commitment.is_some() && !seat.revealed => {
						match submit(reveal_call(who, id, finding, salt(&id))) {
							// Blocks were full until the time for reveals was over.
							Err(TransactionValidityError::Invalid(InvalidTransaction::Stale))
								if System::block_number() >= committee.due => {},
							outcome => taken(outcome.unwrap()),
						}
					},
					_ => {},
				}
			}
		}
	}

	/// Lets blocks pass until no committee is at work.
	pub fn drive(&self) {
		while Committees::<Runtime>::iter_keys().next().is_some() {
			self.step();
		}
	}

	/// Lets scorers work and everybody meddle, and a block pass.
	pub fn step(&self) {
		self.work();
		(self.meddle)(self);
		let overdue = |(work, committee): (Work, Committee<AccountId>)| {
			(now() > committee.due + pallet_attribution::PUT_OFF).then_some(work)
		};
		let keeper = party("keeper");
		for work in Committees::<Runtime>::iter().filter_map(overdue).collect::<Vec<_>>() {
			taken(transact(&keeper, pallet_attribution::Call::advance { work }));
		}
		next_block();
	}

	/// Lets committees come to their end, slashes be taken, periods be settled, and everybody be
	/// paid.
	pub fn finish(&mut self) {
		self.drive();
		while Slashes::<Runtime>::iter_keys().next().is_some() {
			next_block();
		}
		let period = settings().period;
		run_to((now() / period + 1) * period);
		let keeper = party("keeper");
		for (model, period) in Periods::<Runtime>::iter_keys().collect::<Vec<_>>() {
			assert_ok!(transact(&keeper, pallet_attribution::Call::settle { model, period }));
		}
		self.claim();
	}

	/// Retires a model version, and removes it when its receipts are of the past.
	pub fn remove(&mut self, model: u32) {
		assert_ok!(transact(&self.developer, pallet_models::Call::retire { model }));
		skip(pallet_models::RETIRE_DELAY + 1);
		let keeper = party("keeper");
		for receipt in Receipts::<Runtime>::iter_keys().collect::<Vec<_>>() {
			assert_ok!(transact(&keeper, pallet_attribution::Call::prune { receipt }));
		}
		let operator = self.operator.id.clone();
		assert_ok!(transact(&keeper, pallet_models::Call::remove_operator { model, operator }));
		assert_ok!(transact(&keeper, pallet_models::Call::remove_version { model }));
		self.claim();
	}

	/// Divides among their members what groups of the first version were paid, and lets everybody be
	/// paid.
	pub fn distribute(&self) {
		let keeper = party("keeper");
		let published = pallet_datanets::Versions::<Runtime>::get(0, 1).unwrap();
		for (index, block) in (0u16..).zip(&published.blocks) {
			let group = Datanets::group(0, 1, index).unwrap();
			if group == block.owner && Balances::total_balance(&group) > 0 {
				let call =
					pallet_datanets::Call::distribute { datanet: 0, version: 1, block: index };
				assert_ok!(transact(&keeper, call));
			}
		}
		self.claim();
	}

	/// Lets everybody be paid.
	fn claim(&self) {
		let keeper = party("keeper");
		for who in Earnings::<Runtime>::iter_keys().collect::<Vec<_>>() {
			assert_ok!(transact(&keeper, pallet_attribution::Call::claim_for { who }));
		}
		for who in pallet_datanets::Contributors::<Runtime>::iter_key_prefix(0).collect::<Vec<_>>()
		{
			if Datanets::claimable(0, who.clone()) > 0 {
				assert_ok!(transact(&keeper, pallet_datanets::Call::claim_for { datanet: 0, who }));
			}
		}
	}
}
