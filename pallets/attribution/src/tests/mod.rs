//! One file per group of calls; invariants are checked after every test.

mod batches;
mod channels;
mod committee;
mod designs;
mod gradient;
mod offchain;
mod panel;
mod receipts;
mod scorers;
mod settlement;
mod spans;
