//! `evm_*`: blocks and their time on demand, by the names that Hardhat and Anvil use.

use crate::{types::Quantity, Error};
use jsonrpsee::{
	core::{async_trait, RpcResult},
	proc_macros::rpc,
};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};

/// The most blocks of one `evm_mine`.
const MAX_BLOCKS: u64 = 10_000;

/// Makes blocks when it is told to. Its errors say what to do.
#[async_trait]
pub trait Sealer: Send + Sync + 'static {
	/// Makes a block and finalizes it.
	async fn seal(&self) -> Result<(), String>;
	/// Waits for the blocks of the transactions in the pool, if each gets one at once.
	async fn settled(&self);
	/// Whether each transaction gets a block at once.
	fn set_automine(&self, on: bool);
	/// How often there is a block, whether or not there are transactions.
	fn set_interval(&self, interval: Option<Duration>);
	/// Moves the time of all later blocks forward; gives the seconds that it is ahead in all.
	fn increase_time(&self, seconds: u64) -> Result<i64, String>;
	/// The next block has this time, in seconds since 1970; later ones follow it.
	fn set_next_timestamp(&self, seconds: u64) -> Result<(), String>;
}

/// What `evm_mine` takes.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub enum Mine {
	/// Nothing: one block.
	#[default]
	Block,
	/// The time of the one block.
	At(Quantity),
	/// Both.
	Blocks {
		/// The time of the first block.
		timestamp: Option<Quantity>,
		/// How many blocks.
		blocks: Option<Quantity>,
	},
}

/// Blocks and time on demand.
#[rpc(server)]
pub trait EvmApi {
	/// Makes a block, or `blocks` of them; the first at `timestamp`.
	#[method(name = "evm_mine")]
	async fn mine(&self, how: Option<Mine>) -> RpcResult<&'static str>;

	/// Whether each transaction gets a block at once.
	#[method(name = "evm_setAutomine")]
	fn set_automine(&self, on: bool) -> RpcResult<bool>;

	/// A block every so many milliseconds; 0 for none.
	#[method(name = "evm_setIntervalMining")]
	fn set_interval(&self, milliseconds: Quantity) -> RpcResult<bool>;

	/// Moves the time of all later blocks forward by seconds; gives what it is ahead in all.
	#[method(name = "evm_increaseTime")]
	fn increase_time(&self, seconds: Quantity) -> RpcResult<i64>;

	/// The time of the next block, in seconds since 1970.
	#[method(name = "evm_setNextBlockTimestamp")]
	fn set_next_timestamp(&self, seconds: Quantity) -> RpcResult<()>;
}

/// The implementation of [`EvmApiServer`].
pub struct EvmRpc(pub Arc<dyn Sealer>);

impl EvmRpc {
	async fn mine(&self, how: Mine) -> Result<(), Error> {
		let (timestamp, blocks) = match how {
			Mine::Block => (None, None),
			Mine::At(timestamp) => (Some(timestamp), None),
			Mine::Blocks { timestamp, blocks } => (timestamp, blocks),
		};
		let blocks = blocks.map_or(1, |blocks| blocks.saturating_u64());
		if blocks > MAX_BLOCKS {
			return Err(Error::Limit(format!(
				"more than {MAX_BLOCKS} blocks: mine fewer at a time"
			)));
		}
		if let Some(timestamp) = timestamp {
			self.0.set_next_timestamp(timestamp.saturating_u64()).map_err(Error::Refused)?;
		}
		for _ in 0..blocks {
			self.0.seal().await.map_err(Error::Refused)?;
		}
		Ok(())
	}
}

#[async_trait]
impl EvmApiServer for EvmRpc {
	async fn mine(&self, how: Option<Mine>) -> RpcResult<&'static str> {
		EvmRpc::mine(self, how.unwrap_or_default()).await?;
		Ok("0x0")
	}

	fn set_automine(&self, on: bool) -> RpcResult<bool> {
		self.0.set_automine(on);
		Ok(true)
	}

	fn set_interval(&self, milliseconds: Quantity) -> RpcResult<bool> {
		let milliseconds = milliseconds.saturating_u64();
		self.0
			.set_interval((milliseconds > 0).then(|| Duration::from_millis(milliseconds)));
		Ok(true)
	}

	fn increase_time(&self, seconds: Quantity) -> RpcResult<i64> {
		let ahead = self.0.increase_time(seconds.saturating_u64());
		Ok(ahead.map_err(Error::Refused)?)
	}

	fn set_next_timestamp(&self, seconds: Quantity) -> RpcResult<()> {
		let set = self.0.set_next_timestamp(seconds.saturating_u64());
		Ok(set.map_err(Error::Refused)?)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn mine_should_be_read_when_it_is_written_as_hardhat_or_anvil_does() {
		let read = |text: &str| serde_json::from_str::<Mine>(text).unwrap();
		let quantity = |number: u64| Quantity(number.into());
		assert_eq!(read("5"), Mine::At(quantity(5)));
		assert_eq!(read("\"0x5\""), Mine::At(quantity(5)));
		assert_eq!(
			read("{\"blocks\":3}"),
			Mine::Blocks { timestamp: None, blocks: Some(quantity(3)) }
		);
		assert_eq!(
			read("{\"timestamp\":\"0x7\",\"blocks\":\"0x2\"}"),
			Mine::Blocks { timestamp: Some(quantity(7)), blocks: Some(quantity(2)) }
		);
		assert!(serde_json::from_str::<Mine>("\"soon\"").is_err());
	}
}
