//! # Agents Pallet
//!
//! Agents own a wallet, list skills and are paid per call.
//!
//! ## Overview
//!
//! An agent is an identity (the hash of its agent card), an owner and a wallet: an account without
//! a key, from which only its owner takes money. It lists skills at a price; a caller pays with a
//! maximum of its own, and the call is an event that the agent answers off chain. Its owner may end
//! an agent, which empties the wallet and returns the deposit.
//!
//! | who | calls |
//! |---|---|
//! | owner | [`register`](Pallet::register), [`set_card`](Pallet::set_card), [`set_active`](Pallet::set_active), [`transfer_agent`](Pallet::transfer_agent), [`list_skill`](Pallet::list_skill), [`unlist_skill`](Pallet::unlist_skill), [`withdraw`](Pallet::withdraw), [`deregister`](Pallet::deregister) |
//! | caller | [`call_skill`](Pallet::call_skill) |

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod face;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame::{
	prelude::*,
	token::fungible::{Inspect, Mutate},
	traits::{Consideration, Footprint},
};
use openledger_core::{AgentId, Balance, Hash, SkillId, BASIS_POINTS};

/// The protocol's part of a skill's price, in basis points.
pub const PROTOCOL_CUT: u16 = 500;

#[frame::pallet]
pub mod pallet {
	use super::*;

	/// In-code storage version.
	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Configuration.
	#[pallet::config]
	pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// $OPEN.
		type Currency: Inspect<Self::AccountId, Balance = Balance> + Mutate<Self::AccountId>;

		/// Takes deposits for stored items.
		type Consideration: Consideration<Self::AccountId, Footprint>;

		/// Where the agents' wallets are derived from.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// Takes the protocol's part of what skills cost.
		type ProtocolPot: Get<Self::AccountId>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	/// Why this pallet holds money in accounts.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// A deposit for stored items.
		#[codec(index = 0)]
		Storage,
	}

	/// The next agent.
	#[pallet::storage]
	pub type NextAgent<T> = StorageValue<_, AgentId, ValueQuery>;

	/// All agents.
	// `Twox64Concat` here and below: ids are counted by the pallet.
	#[pallet::storage]
	pub type Agents<T: Config> =
		StorageMap<_, Twox64Concat, AgentId, Agent<T::AccountId, T::Consideration>, OptionQuery>;

	/// What agents sell.
	#[pallet::storage]
	pub type Skills<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		AgentId,
		Twox64Concat,
		SkillId,
		Skill<T::AccountId, T::Consideration>,
		OptionQuery,
	>;

	/// How many skills were called.
	#[pallet::storage]
	pub type NextCall<T> = StorageValue<_, u64, ValueQuery>;

	/// Events.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An agent was registered.
		Registered {
			/// The agent.
			agent: AgentId,
			/// Its owner.
			owner: T::AccountId,
			/// Its wallet.
			wallet: T::AccountId,
			/// Hash of its card.
			card: Hash,
		},
		/// An agent has another card.
		CardSet {
			/// The agent.
			agent: AgentId,
			/// Hash of the card.
			card: Hash,
		},
		/// An agent takes calls, or takes none.
		ActiveSet {
			/// The agent.
			agent: AgentId,
			/// Whether it takes calls.
			active: bool,
		},
		/// An agent has another owner.
		Transferred {
			/// The agent.
			agent: AgentId,
			/// Its owner from now on.
			owner: T::AccountId,
		},
		/// A skill was listed.
		SkillListed {
			/// The agent.
			agent: AgentId,
			/// The skill.
			skill: SkillId,
			/// Hash of its description.
			card: Hash,
			/// In wei.
			price: Balance,
		},
		/// A skill was taken off the list.
		SkillUnlisted {
			/// The agent.
			agent: AgentId,
			/// The skill.
			skill: SkillId,
		},
		/// A skill was called and paid.
		SkillCalled {
			/// Counts all calls.
			call: u64,
			/// The agent.
			agent: AgentId,
			/// The skill.
			skill: SkillId,
			/// Who called.
			caller: T::AccountId,
			/// Hash of the input blob.
			input: Hash,
			/// Paid, in wei.
			price: Balance,
		},
		/// An owner took money out of a wallet.
		Withdrawn {
			/// The agent.
			agent: AgentId,
			/// To whom.
			to: T::AccountId,
			/// In wei.
			amount: Balance,
		},
		/// An agent is no more.
		Deregistered {
			/// The agent.
			agent: AgentId,
			/// Who got what its wallet held.
			to: T::AccountId,
			/// In wei.
			amount: Balance,
		},
	}

	/// Errors.
	#[pallet::error]
	pub enum Error<T> {
		/// No such agent.
		NoAgent,
		/// No such skill.
		NoSkill,
		/// Only the owner may do this.
		NotOwner,
		/// A call is free, or the agent's part of its price is at least the existential deposit.
		PriceTooLow,
		/// Skills of the agent are listed: unlist them first.
		SkillsListed,
		/// Less than the existential deposit would be left and lost: withdraw all, or less.
		LeavesDust,
		/// Something would be left in the wallet: send it to another account.
		WalletNotEmpty,
		/// The agent takes no calls now.
		Inactive,
		/// The price is above the caller's maximum.
		AboveMaximum,
		/// A number is out of its type.
		Overflow,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), frame::deps::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The wallet of an agent.
		pub fn wallet_of(agent: AgentId) -> T::AccountId {
			Self::wallet(agent)
		}
	}

	#[pallet::call(weight = T::WeightInfo)]
	impl<T: Config> Pallet<T> {
		/// Registers an agent by the hash of its agent card.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(0)]
		pub fn register(origin: OriginFor<T>, card: Hash) -> DispatchResult {
			Self::do_register(ensure_signed(origin)?, card).map(|_| ())
		}

		/// Gives an agent another card.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(1)]
		pub fn set_card(origin: OriginFor<T>, agent: AgentId, card: Hash) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::as_owner(&who, agent, |entry| entry.card = card)?;
			Self::deposit_event(Event::CardSet { agent, card });
			Ok(())
		}

		/// Lets an agent take calls, or none.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(2)]
		pub fn set_active(origin: OriginFor<T>, agent: AgentId, active: bool) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::as_owner(&who, agent, |entry| entry.active = active)?;
			Self::deposit_event(Event::ActiveSet { agent, active });
			Ok(())
		}

		/// Gives an agent, its wallet and its listed skills to another owner.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(3)]
		pub fn transfer_agent(
			origin: OriginFor<T>,
			agent: AgentId,
			owner: T::AccountId,
		) -> DispatchResult {
			Self::do_transfer(ensure_signed(origin)?, agent, owner)
		}

		/// Lists a skill at a price: nothing, or enough to be paid into an empty wallet.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(4)]
		pub fn list_skill(
			origin: OriginFor<T>,
			agent: AgentId,
			card: Hash,
			#[pallet::compact] price: Balance,
		) -> DispatchResult {
			Self::do_list_skill(ensure_signed(origin)?, agent, card, price)
		}

		/// Takes a skill off the list.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(5)]
		pub fn unlist_skill(
			origin: OriginFor<T>,
			agent: AgentId,
			skill: SkillId,
		) -> DispatchResult {
			Self::do_unlist_skill(ensure_signed(origin)?, agent, skill)
		}

		/// Pays for a call of a skill, at most `maximum` wei.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed`.
		#[pallet::call_index(6)]
		pub fn call_skill(
			origin: OriginFor<T>,
			agent: AgentId,
			skill: SkillId,
			#[pallet::compact] maximum: Balance,
			input: Hash,
		) -> DispatchResult {
			Self::do_call_skill(ensure_signed(origin)?, agent, skill, maximum, input).map(|_| ())
		}

		/// Takes money out of an agent's wallet.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(7)]
		pub fn withdraw(
			origin: OriginFor<T>,
			agent: AgentId,
			to: T::AccountId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			Self::do_withdraw(ensure_signed(origin)?, agent, to, amount)
		}

		/// Ends an agent that lists no skills: what its wallet holds goes to an account, and the
		/// deposit back to who paid it. What the wallet is sent later is lost.
		///
		/// ## Dispatch Origin
		///
		/// Must be `Signed` by the owner.
		#[pallet::call_index(8)]
		pub fn deregister(
			origin: OriginFor<T>,
			agent: AgentId,
			to: T::AccountId,
		) -> DispatchResult {
			Self::do_deregister(ensure_signed(origin)?, agent, to)
		}
	}
}
