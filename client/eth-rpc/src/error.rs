//! Errors, in geth's wording where a tool looks at the words.

use jsonrpsee::types::{
	error::{INVALID_PARAMS_CODE, METHOD_NOT_FOUND_CODE},
	ErrorObjectOwned,
};
use pallet_revive::EthTransactError;
use sc_transaction_pool_api::error::Error as PoolError;
use sp_runtime::transaction_validity::InvalidTransaction;

/// geth's code for a failed request.
const FAILED: i32 = -32000;
/// geth's code for a call that reverted; the data is what the contract returned.
const REVERTED: i32 = 3;
/// EIP-1474's code for a request that exceeds a limit.
const LIMIT: i32 = -32005;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
	/// No such block, or none any more.
	#[error("header not found")]
	BlockNotFound,
	/// The state of a known block is gone.
	#[error(
		"state of block {0} is not available: it was pruned; ask a node that runs with \
		 --state-pruning archive"
	)]
	StateUnavailable(u64),
	/// A parameter makes no sense.
	#[error("{0}")]
	InvalidParams(String),
	/// The query is too large.
	#[error("{0}")]
	Limit(String),
	/// The transaction or call is refused.
	#[error("{0}")]
	Refused(String),
	/// The chain has no such thing.
	#[error("the method {0} does not exist/is not available: {1}")]
	NoMethod(&'static str, &'static str),
	/// The call reverted with this data.
	#[error("{}", revert_message(.0))]
	Reverted(Vec<u8>),
	/// The node's own trouble.
	#[error("{0}")]
	Internal(String),
}

impl Error {
	pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
		Self::Internal(error.to_string())
	}

	pub(crate) fn refused(message: impl Into<String>) -> Self {
		Self::Refused(message.into())
	}

	/// The pool's refusal of an Ethereum transaction.
	pub(crate) fn pool(error: PoolError) -> Self {
		let message = match error {
			PoolError::AlreadyImported(_) => "already known".into(),
			PoolError::TooLowPriority { .. } => "replacement transaction underpriced".into(),
			PoolError::TemporarilyBanned => {
				"transaction was refused or included a short while ago: try again later".into()
			},
			PoolError::ImmediatelyDropped => "txpool is full".into(),
			PoolError::InvalidTransaction(InvalidTransaction::Stale) => "nonce too low".into(),
			PoolError::InvalidTransaction(InvalidTransaction::Future) => "nonce too high".into(),
			PoolError::InvalidTransaction(InvalidTransaction::Payment) => {
				// The balance was compared before: what is left is gas for weight, length or
				// storage deposit.
				"intrinsic gas too low for weight, length or storage deposit: use eth_estimateGas"
					.into()
			},
			PoolError::InvalidTransaction(InvalidTransaction::ExhaustsResources) => {
				"exceeds block gas limit".into()
			},
			PoolError::InvalidTransaction(
				InvalidTransaction::BadProof | InvalidTransaction::BadSigner,
			) => "invalid sender".into(),
			PoolError::InvalidTransaction(InvalidTransaction::Call) => {
				"invalid transaction: the chain id, the gas limit or the code is not accepted"
					.into()
			},
			other => other.to_string(),
		};
		Self::Refused(message)
	}
}

impl From<EthTransactError> for Error {
	fn from(error: EthTransactError) -> Self {
		match error {
			EthTransactError::Data(data) => Self::Reverted(data),
			EthTransactError::Message(message) => Self::Refused(call_message(message)),
		}
	}
}

impl From<sp_blockchain::Error> for Error {
	fn from(error: sp_blockchain::Error) -> Self {
		Self::internal(error)
	}
}

impl From<sp_api::ApiError> for Error {
	fn from(error: sp_api::ApiError) -> Self {
		Self::internal(error)
	}
}

impl From<Error> for ErrorObjectOwned {
	fn from(error: Error) -> Self {
		let message = error.to_string();
		match error {
			Error::InvalidParams(_) => Self::owned(INVALID_PARAMS_CODE, message, None::<()>),
			Error::Limit(_) => Self::owned(LIMIT, message, None::<()>),
			Error::NoMethod(..) => Self::owned(METHOD_NOT_FOUND_CODE, message, None::<()>),
			Error::Reverted(data) => {
				Self::owned(REVERTED, message, Some(format!("0x{}", hex::encode(data))))
			},
			_ => Self::owned(FAILED, message, None::<()>),
		}
	}
}

/// The runtime's words for a call that did not run, behind geth's words for the same where it has
/// some.
fn call_message(message: String) -> String {
	let geths = |name: &str| {
		Some(match name {
			"OutOfGas" => "out of gas",
			"StorageDepositNotEnoughFunds" | "StorageDepositLimitExhausted" => {
				"out of gas: the storage deposit is not covered"
			},
			"TransferFailed" => "insufficient balance for transfer",
			"MaxCallDepthReached" => "max call depth exceeded: this chain allows 25",
			"OutOfTransientStorage" => {
				"out of transient storage: this chain allows 4 KiB a transaction"
			},
			"StateChangeDenied" => "write protection",
			"InvalidInstruction" => "invalid opcode",
			"InvalidJump" => "invalid jump destination",
			"StackUnderflow" => "stack underflow",
			"StackOverflow" => "stack limit reached 1024",
			"BlobTooLarge" => "max code size exceeded",
			"DuplicateContract" => "contract address collision",
			"OutOfBounds" | "ReturnDataTooLarge" => "return data out of bounds",
			_ => return None,
		})
	};
	// The name stands in the debug form of a module's error.
	let name = message
		.split_once("message: Some(\"")
		.and_then(|(_, rest)| rest.split_once('"'))
		.map(|(name, _)| name);
	let words = match name {
		Some(name) => geths(name),
		None if message.starts_with("Effective gas price") => {
			Some("max fee per gas less than block base fee")
		},
		None if message.starts_with("The transaction consumes more than the allowed weight") => {
			Some("gas required exceeds allowance")
		},
		None if message.starts_with("Not enough gas supplied")
			|| message.starts_with("Invalid call: Payment") =>
		{
			Some("intrinsic gas too low")
		},
		None => None,
	};
	match words {
		Some(words) => format!("{words}: {message}"),
		None => message,
	}
}

/// `execution reverted`, with the reason if the data is Solidity's `Error(string)` or
/// `Panic(uint256)`.
pub(crate) fn revert_message(data: &[u8]) -> String {
	match revert_reason(data) {
		Some(reason) => format!("execution reverted: {reason}"),
		None => "execution reverted".into(),
	}
}

fn revert_reason(data: &[u8]) -> Option<String> {
	const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
	const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
	let (selector, args) = data.split_at_checked(4)?;
	if selector == ERROR {
		let offset = word(args, 0)?;
		let length = word(args, offset)?;
		let start = offset.checked_add(32)?;
		let text = args.get(start..start.checked_add(length)?)?;
		return String::from_utf8(text.to_vec()).ok();
	}
	if selector == PANIC {
		let code = word(args, 0)?;
		let text = match code {
			0x00 => "generic panic",
			0x01 => "assert(false)",
			0x11 => "arithmetic underflow or overflow",
			0x12 => "division or modulo by zero",
			0x21 => "enum overflow",
			0x22 => "invalid encoded storage byte array accessed",
			0x31 => "out-of-bounds array access; popping on an empty array",
			0x32 => "out-of-bounds access of an array or bytesN",
			0x41 => "out of memory",
			0x51 => "uninitialized function",
			_ => return Some(format!("unknown panic code: {code:#x}")),
		};
		return Some(text.into());
	}
	None
}

/// The 32-byte word at `at`, if it fits a `usize`.
fn word(data: &[u8], at: usize) -> Option<usize> {
	let word = data.get(at..at.checked_add(32)?)?;
	let (high, low) = word.split_at(24);
	if high.iter().any(|byte| *byte != 0) {
		return None;
	}
	usize::try_from(u64::from_be_bytes(low.try_into().ok()?)).ok()
}

#[cfg(test)]
mod tests {
	use super::*;

	fn padded(value: u8) -> Vec<u8> {
		let mut word = vec![0; 32];
		word[31] = value;
		word
	}

	#[test]
	fn revert_message_should_carry_the_reason_when_the_data_is_an_error_string() {
		let mut data = vec![0x08, 0xc3, 0x79, 0xa0];
		data.extend(padded(32));
		data.extend(padded(4));
		data.extend(b"nope");
		data.extend([0; 28]);
		assert_eq!(revert_message(&data), "execution reverted: nope");
	}

	#[test]
	fn revert_message_should_name_the_panic_when_the_data_is_a_panic() {
		let mut data = vec![0x4e, 0x48, 0x7b, 0x71];
		data.extend(padded(0x11));
		assert_eq!(revert_message(&data), "execution reverted: arithmetic underflow or overflow");
	}

	#[test]
	fn revert_message_should_be_plain_when_the_data_is_cut_or_foreign() {
		for data in [&[][..], &[1, 2, 3], &[0x08, 0xc3, 0x79, 0xa0, 0, 0], &[9; 68]] {
			assert_eq!(revert_message(data), "execution reverted");
		}
		let mut offset_beyond_the_end = vec![0x08, 0xc3, 0x79, 0xa0];
		offset_beyond_the_end.extend([0xff; 32]);
		assert_eq!(revert_message(&offset_beyond_the_end), "execution reverted");
	}

	#[test]
	fn error_object_should_have_code_3_and_the_data_when_a_call_reverted() {
		let object = ErrorObjectOwned::from(Error::Reverted(vec![0xab, 0xcd]));
		assert_eq!(object.code(), 3);
		assert_eq!(object.message(), "execution reverted");
		assert_eq!(object.data().map(|data| data.get()), Some("\"0xabcd\""));
	}

	#[test]
	fn pool_error_should_use_geths_words_when_the_pool_refuses() {
		let message = |error| Error::pool(error).to_string();
		assert_eq!(
			message(PoolError::InvalidTransaction(InvalidTransaction::Stale)),
			"nonce too low"
		);
		assert_eq!(message(PoolError::AlreadyImported(Box::new(()))), "already known");
		assert!(message(PoolError::InvalidTransaction(InvalidTransaction::Payment))
			.starts_with("intrinsic gas too low"));
	}

	#[test]
	fn call_message_should_begin_with_geths_words_when_the_runtime_names_the_error() {
		let of = |name: &str| {
			call_message(format!(
				"failed to run contract: Module(ModuleError {{ index: 60, error: [3, 0, 0, 0], \
				 message: Some(\"{name}\") }})"
			))
		};
		assert!(of("OutOfGas").starts_with("out of gas: failed to run contract"));
		assert!(of("MaxCallDepthReached").starts_with("max call depth exceeded"));
		assert!(of("ReenteredPallet").starts_with("failed to run contract"));
		let price = "Effective gas price 1 lower than base fee 2";
		assert!(call_message(price.into()).starts_with("max fee per gas less than block base fee"));
		let funds = "insufficient funds for gas * price + value (1): address 0x have 1";
		assert_eq!(call_message(funds.into()), funds);
	}

	#[test]
	fn error_object_should_have_the_usual_code_when_it_is_a_limit_or_a_missing_method() {
		let code = |error: Error| ErrorObjectOwned::from(error).code();
		assert_eq!(code(Error::Limit("block range greater than 5 max".into())), -32005);
		assert_eq!(code(Error::NoMethod("eth_getWork", "no mining")), -32601);
		assert_eq!(code(Error::refused("filter not found")), -32000);
		assert_eq!(code(Error::InvalidParams("exceed max topics".into())), -32602);
	}

	#[test]
	fn pool_error_should_say_underpriced_when_the_nonce_is_taken() {
		let error = Error::pool(PoolError::TooLowPriority { old: 2, new: 1 });
		assert_eq!(error.to_string(), "replacement transaction underpriced");
	}
}
