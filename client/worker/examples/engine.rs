//! The engine's child as a program of its own, for the tests: `engine STORE [TROUBLE]`.
//!
//! A file at TROUBLE says what happens to the first child that takes a job while it is there: `die`
//! ends the process in the middle of the job, `hang` leaves the job unanswered. The file is removed
//! when that happens, and later children do their work.

use std::{
	io::{stdin, stdout, BufRead},
	path::PathBuf,
};

fn main() -> std::io::Result<()> {
	let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
	let store = arguments.next().unwrap_or_default();
	let trouble = arguments.next().unwrap_or_default();
	if let Ok(what) = std::fs::read_to_string(&trouble) {
		// The job is taken, so it is this process that loses it.
		stdin().lock().read_line(&mut String::new())?;
		std::fs::remove_file(trouble)?;
		match what.as_str() {
			"hang" => loop {
				std::thread::park();
			},
			_ => std::process::abort(),
		}
	}
	openledger_worker::run_child(&store, stdin().lock(), stdout())
}
