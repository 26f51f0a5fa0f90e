//! Subscriptions over WebSocket.

use crate::{rpc::Inner, ChainUpdate, Error, EthClient, EthRpc, LogFilter, LOG_TARGET};
use jsonrpsee::{
	core::{async_trait, SubscriptionResult},
	proc_macros::rpc,
	PendingSubscriptionSink, SubscriptionMessage, SubscriptionSink,
};
use sc_transaction_pool_api::TransactionPool;
use serde_json::{json, Value};
use sp_core::H256;
use sp_runtime::traits::Block as BlockT;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::{error::RecvError, Receiver};

/// How often it is asked whether the node synchronises: nobody tells of it.
const SYNC_INTERVAL: Duration = Duration::from_secs(2);

/// Subscriptions; names and shapes as geth has them.
#[rpc(server)]
pub trait EthPubSubApi {
	/// `newHeads` or `logs` of the best chain, `newPendingTransactions` or `syncing`.
	#[subscription(
		name = "eth_subscribe" => "eth_subscription",
		unsubscribe = "eth_unsubscribe",
		item = Value
	)]
	async fn subscribe(&self, kind: String, options: Option<Value>) -> SubscriptionResult;
}

/// What a client subscribes to.
#[derive(Debug, PartialEq)]
enum Topic {
	Heads,
	Logs(LogFilter),
	/// `true` for whole transactions.
	Pending(bool),
	Syncing,
}

impl Topic {
	fn parse(kind: &str, options: Option<Value>) -> Result<Self, Error> {
		let options = options.filter(|options| !options.is_null());
		match kind {
			"newHeads" => Ok(Self::Heads),
			"logs" => {
				let filter = options.map(serde_json::from_value::<LogFilter>).transpose();
				let filter = filter
					.map_err(|error| Error::InvalidParams(format!("invalid filter: {error}")))?
					.unwrap_or_default();
				filter.check()?;
				filter.check_changes()?;
				Ok(Self::Logs(filter))
			},
			"newPendingTransactions" => match options {
				None => Ok(Self::Pending(false)),
				Some(Value::Bool(whole)) => Ok(Self::Pending(whole)),
				Some(_) => Err(Error::InvalidParams(
					"newPendingTransactions takes true for whole transactions, or nothing".into(),
				)),
			},
			"syncing" => Ok(Self::Syncing),
			other => Err(Error::InvalidParams(format!(
				"no {other:?} subscription: subscribe to newHeads, logs, newPendingTransactions or \
				 syncing"
			))),
		}
	}
}

impl<Block, C, P> Inner<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	/// Says whether the node synchronises, at first and when that changes.
	async fn tell_syncing(&self, sink: SubscriptionSink) -> SubscriptionResult {
		let mut interval = tokio::time::interval(SYNC_INTERVAL);
		let mut told = None;
		loop {
			tokio::select! {
				() = sink.closed() => return Ok(()),
				_ = interval.tick() => {},
			}
			let status = self.syncing().await;
			let syncing = status != Value::Bool(false);
			if told.replace(syncing) == Some(syncing) {
				continue;
			}
			let message =
				if syncing { json!({ "syncing": true, "status": status }) } else { false.into() };
			if sink.send(SubscriptionMessage::from_json(&message)?).await.is_err() {
				return Ok(());
			}
		}
	}
}

/// Sends what `show` makes of everything that arrives, until either side ends. A subscriber that
/// is too slow is cut off, as it would miss something.
async fn forward<T: Clone>(
	mut arrivals: Receiver<T>,
	sink: SubscriptionSink,
	show: impl Fn(&T) -> Result<Vec<Value>, Error>,
) -> SubscriptionResult {
	loop {
		let arrived = tokio::select! {
			() = sink.closed() => return Ok(()),
			arrived = arrivals.recv() => match arrived {
				Ok(arrived) => arrived,
				Err(RecvError::Closed) => return Ok(()),
				Err(RecvError::Lagged(missed)) => {
					return Err(format!("too slow: {missed} changes were missed").into())
				},
			},
		};
		let messages = show(&arrived).unwrap_or_else(|error| {
			log::warn!(target: LOG_TARGET, "A subscriber misses something: {error}");
			Vec::new()
		});
		for message in messages {
			if sink.send(SubscriptionMessage::from_json(&message)?).await.is_err() {
				return Ok(());
			}
		}
	}
}

#[async_trait]
impl<Block, C, P> EthPubSubApiServer for EthRpc<Block, C, P>
where
	Block: BlockT<Hash = H256>,
	C: EthClient<Block>,
	P: TransactionPool<Block = Block> + 'static,
{
	async fn subscribe(
		&self,
		pending: PendingSubscriptionSink,
		kind: String,
		options: Option<Value>,
	) -> SubscriptionResult {
		let topic = match Topic::parse(&kind, options) {
			Ok(topic) => topic,
			Err(error) => {
				pending.reject(error).await;
				return Ok(());
			},
		};
		// Listen before the subscription is accepted: the client misses nothing after that.
		match topic {
			Topic::Heads => {
				let updates = self.0.indexer.subscribe();
				forward(updates, pending.accept().await?, |update| update.heads()).await
			},
			Topic::Logs(filter) => {
				let updates = self.0.indexer.subscribe();
				let show = |update: &Arc<ChainUpdate>| {
					update
						.logs(&filter)
						.map(|log| serde_json::to_value(log).map_err(Error::internal))
						.collect()
				};
				forward(updates, pending.accept().await?, show).await
			},
			Topic::Pending(whole) => {
				let arrivals = self.0.arrivals();
				forward(arrivals, pending.accept().await?, |arrived| {
					Ok(vec![if whole { arrived.to_json(None)? } else { json!(arrived.hash) }])
				})
				.await
			},
			Topic::Syncing => self.0.tell_syncing(pending.accept().await?).await,
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::indexer::tests::loaded;
	use jsonrpsee::RpcModule;
	use sp_core::H160;
	use tokio::sync::broadcast;

	#[test]
	fn topic_should_parse_when_it_is_one_of_geths() {
		let parse = |kind: &str, options: Value| Topic::parse(kind, Some(options));
		assert_eq!(Topic::parse("newHeads", None).unwrap(), Topic::Heads);
		assert_eq!(parse("logs", Value::Null).unwrap(), Topic::Logs(LogFilter::default()));
		let pending = "newPendingTransactions";
		assert_eq!(Topic::parse(pending, None).unwrap(), Topic::Pending(false));
		assert_eq!(parse(pending, json!(true)).unwrap(), Topic::Pending(true));
		assert_eq!(parse("syncing", Value::Null).unwrap(), Topic::Syncing);
		assert!(parse(pending, json!("full")).is_err());
		assert!(parse("logs", json!({ "address": "0x1" })).is_err());
		assert!(parse("logs", json!({ "toBlock": "earliest" })).is_err());
		assert!(parse("newTransactions", Value::Null).is_err());
	}

	/// A module whose one subscription forwards the logs of what `updates` sends.
	fn module(updates: broadcast::Sender<Arc<ChainUpdate>>) -> RpcModule<()> {
		let mut module = RpcModule::new(());
		module
			.register_subscription("subscribe", "item", "unsubscribe", move |_, pending, _, _| {
				let arrivals = updates.subscribe();
				async move {
					let sink = pending.accept().await?;
					let filter = LogFilter::default();
					forward(arrivals, sink, |update: &Arc<ChainUpdate>| {
						Ok(update.logs(&filter).map(|log| json!(log)).collect())
					})
					.await
				}
			})
			.unwrap();
		module
	}

	#[tokio::test]
	async fn subscriber_should_get_removed_logs_when_the_chain_reorganises() {
		let (updates, _) = broadcast::channel(4);
		let module = module(updates.clone());
		let mut subscription = module.subscribe_unbounded("subscribe", [(); 0]).await.unwrap();
		let send = |retracted, enacted| {
			updates.send(Arc::new(ChainUpdate { retracted, enacted })).unwrap();
		};
		send(vec![], vec![loaded(1, 0, &[3])]);
		send(vec![loaded(1, 0, &[3])], vec![loaded(1, 1, &[]), loaded(2, 1, &[3])]);
		let mut seen = Vec::new();
		for _ in 0..3 {
			let (log, _) = subscription.next::<Value>().await.unwrap().unwrap();
			assert_eq!(log["address"], json!(H160::repeat_byte(4)));
			seen.push((log["blockNumber"].clone(), log["removed"].clone()));
		}
		let expected = [("0x1", false), ("0x1", true), ("0x2", false)];
		assert_eq!(seen, expected.map(|(number, removed)| (json!(number), json!(removed))));
	}
}
