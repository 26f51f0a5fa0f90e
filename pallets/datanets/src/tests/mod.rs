//! One file per group of calls; invariants are checked after every test.

mod announcements;
mod demands;
mod deposits;
mod exhibits;
mod groups;
mod licences;
mod risk;
mod rows;
mod versions;
