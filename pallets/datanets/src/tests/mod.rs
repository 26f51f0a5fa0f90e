//! One file per group of calls; invariants are checked after every test.

mod deposits;
mod licences;
mod rows;
mod versions;
