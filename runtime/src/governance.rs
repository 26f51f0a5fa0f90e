//! Governance: a small council whose motions pass a timelock, and what goes with it.

use crate::{
	evm::{DepositPerByte, DepositPerItem},
	*,
};
use frame_support::{
	parameter_types,
	traits::{
		fungible::HoldConsideration, ConstU32, EitherOf, EqualPrivilegeOnly, InstanceFilter,
		LinearStoragePrice,
	},
	weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::{EnsureMember, EnsureProportionAtLeast, PrimeDefaultVote};
use sp_runtime::{traits::BlakeTwo256, Perbill};

/// The council.
pub type CouncilInstance = pallet_collective::Instance1;
/// Two thirds of the council.
pub type TwoThirds = EnsureProportionAtLeast<AccountId, CouncilInstance, 2, 3>;
/// May set parameters and pause: what has passed the timelock. Nothing reaches root, so governance
/// can pause, not seize.
pub type AdminOrigin = EitherOf<EnsureRoot<AccountId>, pallet_timelock::EnsureMatured>;
/// May end motions and what waits in the timelock.
pub type CancelOrigin = EitherOf<EnsureRoot<AccountId>, TwoThirds>;

parameter_types! {
	pub const MotionDuration: BlockNumber = 28_800;
	pub MaxProposalWeight: Weight =
		Perbill::from_percent(50) * system::RuntimeBlockWeights::get().max_block;
	pub MaximumSchedulerWeight: Weight =
		Perbill::from_percent(50) * system::RuntimeBlockWeights::get().max_block;
	pub const PreimageHold: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
	pub const CouncilHold: RuntimeHoldReason =
		RuntimeHoldReason::Council(pallet_collective::HoldReason::ProposalSubmission);
	pub const MultisigBase: Balance = 20_000_000_000_000;
	pub const MultisigFactor: Balance = 7_000_000_000_000;
}

impl pallet_collective::Config<CouncilInstance> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = MotionDuration;
	type MaxProposals = ConstU32<20>;
	type MaxMembers = ConstU32<20>;
	type DefaultVote = PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = AdminOrigin;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = CancelOrigin;
	type KillOrigin = CancelOrigin;
	type Consideration = ();
}

impl pallet_timelock::Config for Runtime {
	type Proposal = RuntimeCall;
	type PalletsOrigin = OriginCaller;
	type Scheduler = Scheduler;
	type Preimages = Preimage;
	type ScheduleOrigin = TwoThirds;
	type CancelOrigin = CancelOrigin;
	type AdminOrigin = AdminOrigin;
	type WeightInfo = pallet_timelock::weights::SubstrateWeight<Runtime>;
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumSchedulerWeight;
	type ScheduleOrigin = AdminOrigin;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<50>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = EnsureMember<AccountId, CouncilInstance>;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHold,
		LinearStoragePrice<DepositPerItem, DepositPerByte, Balance>,
	>;
}

impl pallet_multisig::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type DepositBase = MultisigBase;
	type DepositFactor = MultisigFactor;
	type MaxSignatories = ConstU32<100>;
	type WeightInfo = pallet_multisig::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}

/// What a proxy may do for another account.
#[derive(
	Copy,
	Clone,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Default,
	codec::Encode,
	codec::Decode,
	codec::DecodeWithMemTracking,
	codec::MaxEncodedLen,
	scale_info::TypeInfo,
)]
pub enum ProxyType {
	/// Everything.
	#[default]
	Any,
	/// Everything that moves no money out of the account.
	NonTransfer,
	/// Staking and session keys.
	Staking,
	/// Datanets, models, agents, attribution and spans.
	OpenLedger,
}

impl InstanceFilter<RuntimeCall> for ProxyType {
	fn filter(&self, call: &RuntimeCall) -> bool {
		let staking = matches!(call, RuntimeCall::Staking(_) | RuntimeCall::Session(_));
		let data = matches!(
			call,
			RuntimeCall::Datanets(_)
				| RuntimeCall::Models(_)
				| RuntimeCall::Agents(_)
				| RuntimeCall::Attribution(_)
				| RuntimeCall::Spans(_)
		);
		let wrapping = matches!(call, RuntimeCall::Utility(_) | RuntimeCall::Multisig(_));
		match self {
			Self::Any => true,
			Self::NonTransfer => staking || wrapping,
			Self::Staking => staking || matches!(call, RuntimeCall::Utility(_)),
			Self::OpenLedger => data || matches!(call, RuntimeCall::Utility(_)),
		}
	}

	fn is_superset(&self, other: &Self) -> bool {
		match (self, other) {
			(a, b) if a == b => true,
			(Self::Any, _) => true,
			(_, Self::Any) => false,
			(Self::NonTransfer, Self::Staking) => true,
			_ => false,
		}
	}
}

impl pallet_proxy::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type Currency = Balances;
	type ProxyType = ProxyType;
	type ProxyDepositBase = MultisigBase;
	type ProxyDepositFactor = MultisigFactor;
	type MaxProxies = ConstU32<32>;
	type WeightInfo = pallet_proxy::weights::SubstrateWeight<Runtime>;
	type MaxPending = ConstU32<32>;
	type CallHasher = BlakeTwo256;
	type AnnouncementDepositBase = MultisigBase;
	type AnnouncementDepositFactor = MultisigFactor;
	type BlockNumberProvider = System;
}
