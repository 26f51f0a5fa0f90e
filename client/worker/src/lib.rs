//! The engine behind the off-chain worker: job queue, cache and child process.
