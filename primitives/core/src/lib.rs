//! What every part of OpenLedger agrees on: identifiers, licence rights, signed requests and
//! replies, and the traits by which the pallets meet.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod announce;
mod face;
mod receipt;
mod rights;
mod traits;

pub use announce::{commitment, Announced};
pub use face::*;
pub use openledger_spans_math::{Extent, Source, MAX_ROWS, MAX_ROW_BYTES};
pub use receipt::{
	account_of_address, payers_of, verify, Eip712Domain, Item, Redeemed, Reply, Request, Voucher,
	EIP712_NAME, EIP712_TYPE, EIP712_VERSION, REPLY_DOMAIN, REQUEST_DOMAIN, VOUCHER_DOMAIN,
	VOUCHER_TYPE,
};
pub use rights::Rights;
pub use traits::{
	Block, Datanets, Designs, Earnings, Method, ModelInfo, Models, RowInfo, RunInfo, Spans,
	VersionInfo,
};

/// A BLAKE2b-256 hash: of a row, a blob, a receipt or a Merkle node.
pub type Hash = sp_core::H256;
/// An amount of $OPEN in wei, 10^18 to the coin.
pub type Balance = u128;
/// A Datanet. Allocated one after another, never reused.
pub type DatanetId = u32;
/// A batch of rows, counted within its Datanet.
pub type BatchId = u32;
/// A published version of a Datanet, counted from 1 within it.
pub type Version = u32;
/// A base model.
pub type BaseId = u32;
/// A model version: a fine-tuning run from its start, a servable adapter from its registration.
pub type ModelId = u32;
/// An agent.
pub type AgentId = u32;
/// A skill, counted within its agent.
pub type SkillId = u32;

/// An execution class: inside one, training and scoring give the same bits. The first eight bytes,
/// little endian, of BLAKE2b-256 of what describes it: library build, provider, instruction set.
pub type Class = u64;

/// The most batches of a version of a Datanet.
pub const MAX_BATCHES: u32 = 1 << 14;
/// The most blocks that the rows of a version are cut into, and bits of a subset.
pub const MAX_BLOCKS: u32 = 256;
/// The most counterfactual adapters of a model version, or columns of features.
pub const MAX_ADAPTERS: u32 = 512;
/// The most entries of a Ψ: a row for each block, with a column for the published adapter.
pub const MAX_PSI: u32 = MAX_BLOCKS * (MAX_ADAPTERS + 1);
/// The most rows that an exhibit shows as those that stand.
pub const MAX_EARLIER: u32 = 4;
/// The most rows that an exhibit shows as those that stand in others.
pub const MAX_LATER: u32 = 16;
/// The most content of an exhibit, in bytes: as many earlier rows as there may be and one later row
/// fit in, all of the longest.
pub const MAX_EXHIBIT_BYTES: u32 = (MAX_EARLIER + 1) * MAX_ROW_BYTES;
/// One hundred per cent in basis points.
pub const BASIS_POINTS: u16 = 10_000;
