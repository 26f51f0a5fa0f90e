//! What this pallet stores.

use super::*;
use frame::deps::frame_support::stored;

/// An agent.
#[stored(no_skip_type_params)]
pub struct Agent<AccountId, Ticket> {
	/// Who acts for it.
	pub owner: AccountId,
	/// BLAKE2b-256 of its agent card.
	pub card: Hash,
	/// The next skill.
	pub next_skill: SkillId,
	/// Whether it takes calls.
	pub active: bool,
	/// Who paid the deposit, and the deposit.
	pub deposit: (AccountId, Ticket),
}

/// What an agent sells.
#[stored(no_skip_type_params)]
pub struct Skill<AccountId, Ticket> {
	/// BLAKE2b-256 of its description.
	pub card: Hash,
	/// What a call costs, in wei.
	pub price: Balance,
	/// Who paid the deposit, and the deposit.
	pub deposit: (AccountId, Ticket),
}
