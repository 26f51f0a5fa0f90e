//! Errors, in geth's wording where a tool looks at the words.

use jsonrpsee::types::{error::INVALID_PARAMS_CODE, ErrorObjectOwned};
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
				"insufficient funds for gas * price + value, or intrinsic gas too low: use \
				 eth_estimateGas"
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
			EthTransactError::Message(message) => Self::Refused(message),
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
			Error::Reverted(data) => {
				Self::owned(REVERTED, message, Some(format!("0x{}", hex::encode(data))))
			},
			_ => Self::owned(FAILED, message, None::<()>),
		}
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
			.starts_with("insufficient funds for gas * price + value"));
	}
}
