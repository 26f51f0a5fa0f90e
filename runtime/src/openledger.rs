//! Datanets, models, agents, attribution and spans.

use crate::{
	evm::{DepositPerByte, DepositPerItem},
	governance::AdminOrigin,
	pots::{StakingReserve, Treasury},
	system::RuntimeBlockWeights,
	*,
};
use frame_support::{
	parameter_types,
	traits::{fungible::HoldConsideration, ConstU16, ConstU32, LinearStoragePrice},
	weights::Weight,
	PalletId,
};
use openledger_core::Eip712Domain;
use openledger_influence_math::shingles;

/// A deposit by footprint, held under `Reason`.
type Deposit<Reason> = HoldConsideration<
	AccountId,
	Balances,
	Reason,
	LinearStoragePrice<DepositPerItem, DepositPerByte, Balance>,
>;

parameter_types! {
	pub const DatanetsHold: RuntimeHoldReason =
		RuntimeHoldReason::Datanets(pallet_datanets::HoldReason::Storage);
	pub const ModelsHold: RuntimeHoldReason =
		RuntimeHoldReason::Models(pallet_models::HoldReason::Storage);
	pub const AgentsHold: RuntimeHoldReason =
		RuntimeHoldReason::Agents(pallet_agents::HoldReason::Storage);
	pub const AttributionHold: RuntimeHoldReason =
		RuntimeHoldReason::Attribution(pallet_attribution::HoldReason::Storage);
	pub const SpansHold: RuntimeHoldReason =
		RuntimeHoldReason::Spans(pallet_spans::HoldReason::Storage);
	/// As much as the least bond of a scorer.
	pub const SpansBond: Balance = 1_000 * UNIT;
	/// Some hundred times what showing a leaf costs at the lowest fees.
	pub const SpansDemand: Balance = UNIT;
	/// For a row and for a byte of it: three tenths pay for announcing an exhibit and showing two
	/// rows of that length at the lowest fees, about twice.
	pub const RowBond: Balance = 450_000_000_000_000;
	pub const ByteBond: Balance = 200_000_000_000;
	/// A tenth of what developers stake on a version.
	pub const BlockPrice: Balance = 10 * UNIT;
	pub const DatanetsId: PalletId = PalletId(*b"olg/data");
	pub const AgentsId: PalletId = PalletId(*b"olg/agnt");
	pub const AttributionId: PalletId = PalletId(*b"olg/attr");
	/// Transactions have three quarters of a block in any case.
	pub AgendaWeight: Weight = RuntimeBlockWeights::get().max_block.saturating_div(4);
	/// What Ethereum wallets sign requests and vouchers under.
	pub Eip712: Eip712Domain = Eip712Domain {
		chain: EVM_CHAIN_ID,
		contract: openledger_precompiles::address_of(openledger_precompiles::ATTRIBUTION),
	};
	/// The VRF output of the block before. Its hash stands in where a block has none, which
	/// happens under manual sealing alone.
	pub Entropy: Hash = pallet_babe::AuthorVrfRandomness::<Runtime>::get()
		.map_or_else(System::parent_hash, Into::into);
}

impl pallet_datanets::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration = Deposit<DatanetsHold>;
	type PalletId = DatanetsId;
	type ProtocolPot = Treasury;
	type RowBond = RowBond;
	type ByteBond = ByteBond;
	type NearDuplicate = ConstU16<{ shingles::NEAR_DUPLICATE }>;
	type BlockPrice = BlockPrice;
	type Entropy = Entropy;
	type Earnings = Attribution;
	type WeightInfo = pallet_datanets::weights::SubstrateWeight<Runtime>;
}

impl pallet_models::Config for Runtime {
	type Datanets = Datanets;
	type Designs = Attribution;
	type Consideration = Deposit<ModelsHold>;
	type RunDeadline = ConstU32<201_600>;
	type WeightInfo = pallet_models::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Scene;
}

impl pallet_agents::Config for Runtime {
	type Currency = Balances;
	type Consideration = Deposit<AgentsHold>;
	type PalletId = AgentsId;
	type ProtocolPot = Treasury;
	type WeightInfo = pallet_agents::weights::SubstrateWeight<Runtime>;
}

impl pallet_attribution::Config for Runtime {
	type Eip712 = Eip712;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration = Deposit<AttributionHold>;
	type Datanets = Datanets;
	type Models = Models;
	type Entropy = Entropy;
	type MaximumWeight = AgendaWeight;
	type AdminOrigin = AdminOrigin;
	type PalletId = AttributionId;
	type StakersPot = StakingReserve;
	type ProtocolPot = Treasury;
	type WeightInfo = pallet_attribution::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Scene;
}

impl pallet_spans::Config for Runtime {
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type Consideration = Deposit<SpansHold>;
	type Datanets = Datanets;
	type Bond = SpansBond;
	type DemandStake = SpansDemand;
	type ProtocolPot = Treasury;
	type WeightInfo = pallet_spans::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::benchmarks::Scene;
}
