//! Parameters as they come over the wire.

use crate::{
	receipt::{BloomQuery, Log},
	Error,
};
use serde::{de::Error as _, Deserialize, Deserializer};
use serde_json::Value;
use sp_core::{H160, H256, U256};

/// A number that may be written as `0x` hex, leading zeros allowed, or as a JSON number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity(pub U256);

impl Quantity {
	fn parse(text: &str) -> Result<Self, String> {
		let digits = text
			.strip_prefix("0x")
			.ok_or_else(|| format!("invalid quantity {text:?}: write it in hex with 0x"))?;
		if digits.is_empty() || digits.len() > 64 {
			return Err(format!("invalid quantity {text:?}: 1 to 64 hex digits are needed"));
		}
		U256::from_str_radix(digits, 16)
			.map(Self)
			.map_err(|_| format!("invalid quantity {text:?}: a digit is not hexadecimal"))
	}

	/// The number, at most `u64::MAX`.
	pub fn saturating_u64(&self) -> u64 {
		self.0.try_into().unwrap_or(u64::MAX)
	}

	/// The number as a position, beyond all of them if it is too large.
	pub(crate) fn saturating_usize(&self) -> usize {
		self.0.try_into().unwrap_or(usize::MAX)
	}
}

impl<'de> Deserialize<'de> for Quantity {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		match Value::deserialize(deserializer)? {
			Value::String(text) => Self::parse(&text).map_err(D::Error::custom),
			Value::Number(number) => number
				.as_u64()
				.map(|number| Self(number.into()))
				.ok_or_else(|| D::Error::custom("a quantity is a whole number, not negative")),
			_ => Err(D::Error::custom("a quantity is a 0x string")),
		}
	}
}

/// Which block a request means: a tag, a number, a hash, or the object of EIP-1898.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlockId {
	/// The best block.
	#[default]
	Latest,
	/// What comes next: the best block's state and, for a nonce, the pool.
	Pending,
	/// The last finalised block.
	Safe,
	/// The last finalised block.
	Finalized,
	/// The genesis block.
	Earliest,
	/// By height.
	Number(u64),
	/// By Ethereum hash, also when it lost its place to another.
	Hash(H256),
	/// By Ethereum hash, if it is in the best chain: `requireCanonical` of EIP-1898.
	Canonical(H256),
}

impl BlockId {
	fn parse(text: &str) -> Result<Self, String> {
		Ok(match text {
			"latest" | "" => Self::Latest,
			"pending" => Self::Pending,
			"safe" => Self::Safe,
			"finalized" => Self::Finalized,
			"earliest" => Self::Earliest,
			hash if hash.len() == 66 => Self::Hash(parse_hash(hash)?),
			number => Self::Number(
				Quantity::parse(number)
					.ok()
					.and_then(|quantity| u64::try_from(quantity.0).ok())
					.ok_or_else(|| {
						format!(
							"invalid block {number:?}: use latest, pending, safe, finalized, \
							 earliest, a 0x number or a 0x hash"
						)
					})?,
			),
		})
	}
}

impl<'de> Deserialize<'de> for BlockId {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		match Value::deserialize(deserializer)? {
			Value::Null => Ok(Self::Latest),
			Value::String(text) => Self::parse(&text).map_err(D::Error::custom),
			Value::Number(number) => number
				.as_u64()
				.map(Self::Number)
				.ok_or_else(|| D::Error::custom("a block number is whole and not negative")),
			Value::Object(object) => {
				let text = |key| object.get(key).and_then(Value::as_str);
				match (text("blockHash"), text("blockNumber")) {
					(Some(hash), None) => match object.get("requireCanonical") {
						Some(Value::Bool(true)) => parse_hash(hash).map(Self::Canonical),
						None | Some(Value::Bool(false)) => parse_hash(hash).map(Self::Hash),
						Some(_) => Err("requireCanonical is true or false".into()),
					},
					(None, Some(number)) => Self::parse(number),
					_ => Err("give either blockHash or blockNumber".into()),
				}
				.map_err(D::Error::custom)
			},
			_ => Err(D::Error::custom("a block is a tag, a 0x number, a 0x hash or an object")),
		}
	}
}

fn parse_hash(text: &str) -> Result<H256, String> {
	let bytes = text
		.strip_prefix("0x")
		.and_then(|digits| hex::decode(digits).ok())
		.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
	bytes
		.map(H256)
		.ok_or_else(|| format!("invalid hash {text:?}: 0x and 64 hex digits"))
}

/// Topics that a log can have.
const MAX_TOPICS: usize = 4;
/// Alternatives for one topic or for the address.
const MAX_VALUES: usize = 1_000;

/// One value, several, or anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum OneOf<T> {
	#[default]
	Any,
	Of(Vec<T>),
}

impl<T: PartialEq> OneOf<T> {
	fn admits(&self, value: &T) -> bool {
		match self {
			Self::Any => true,
			Self::Of(values) => values.contains(value),
		}
	}

	fn count(&self) -> usize {
		match self {
			Self::Any => 0,
			Self::Of(values) => values.len(),
		}
	}

	/// Adds what a bloom must have for one of the values.
	fn ask(&self, query: &mut BloomQuery)
	where
		T: AsRef<[u8]>,
	{
		if let Self::Of(values) = self {
			query.any_of(values);
		}
	}
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOf<T> {
	fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
		#[derive(Deserialize)]
		#[serde(untagged)]
		enum Form<T> {
			None,
			One(T),
			Many(Vec<T>),
		}
		Ok(match Form::deserialize(deserializer)? {
			Form::None => Self::Any,
			Form::One(value) => Self::Of(vec![value]),
			// As geth has it: an empty list is a wildcard.
			Form::Many(values) if values.is_empty() => Self::Any,
			Form::Many(values) => Self::Of(values),
		})
	}
}

/// The filter of `eth_getLogs` and of the `logs` subscription.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct LogFilter {
	pub(crate) from_block: Option<BlockId>,
	pub(crate) to_block: Option<BlockId>,
	pub(crate) block_hash: Option<H256>,
	address: OneOf<H160>,
	topics: Option<Vec<OneOf<H256>>>,
}

impl LogFilter {
	/// Whether the log has the address and, position by position, the topics.
	pub fn admits(&self, log: &Log) -> bool {
		let topics = self.topics.as_deref().unwrap_or_default();
		self.address.admits(&log.address)
			&& topics.len() <= log.topics.len()
			&& topics.iter().zip(&log.topics).all(|(wanted, topic)| wanted.admits(topic))
	}

	/// Whether the log is of a block that the filter names by hash or by numbers. A tag names no
	/// certain block, so it leaves out none.
	pub fn covers(&self, log: &Log) -> bool {
		let number = |id| match id {
			Some(BlockId::Number(number)) => Some(U256::from(number)),
			_ => None,
		};
		self.block_hash.is_none_or(|hash| hash == log.block_hash)
			&& number(self.from_block).is_none_or(|from| from <= log.block_number)
			&& number(self.to_block).is_none_or(|to| log.block_number <= to)
	}

	/// Fails if the filter is larger than any log can need.
	pub(crate) fn check(&self) -> Result<(), Error> {
		let topics = self.topics.as_deref().unwrap_or_default();
		if topics.len() > MAX_TOPICS || topics.iter().any(|topic| topic.count() > MAX_VALUES) {
			return Err(Error::InvalidParams(format!(
				"exceed max topics: at most {MAX_TOPICS} positions with {MAX_VALUES} values each"
			)));
		}
		if self.address.count() > MAX_VALUES {
			return Err(Error::InvalidParams(format!(
				"exceed max addresses: at most {MAX_VALUES}"
			)));
		}
		Ok(())
	}

	/// Fails if no block to come can be in the filter's range.
	pub(crate) fn check_changes(&self) -> Result<(), Error> {
		let ends_in_the_past = matches!(
			self.to_block,
			Some(
				BlockId::Earliest
					| BlockId::Safe | BlockId::Finalized
					| BlockId::Hash(_)
					| BlockId::Canonical(_)
			)
		);
		let backwards = matches!(
			(self.from_block, self.to_block),
			(Some(BlockId::Number(from)), Some(BlockId::Number(to))) if from > to
		);
		if ends_in_the_past || backwards {
			return Err(Error::InvalidParams("invalid block range params".into()));
		}
		Ok(())
	}

	/// What the bloom of a block must have that holds such a log.
	pub(crate) fn bloom_query(&self) -> BloomQuery {
		let mut query = BloomQuery::default();
		self.address.ask(&mut query);
		self.topics.iter().flatten().for_each(|topic| topic.ask(&mut query));
		query
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::Bloom;
	use serde_json::{from_value, json};

	#[test]
	fn quantity_should_parse_when_it_is_hex_or_a_number() {
		let parse = |value| from_value::<Quantity>(value).map(|quantity| quantity.0);
		assert_eq!(parse(json!("0x0")).unwrap(), U256::zero());
		assert_eq!(parse(json!("0x0010")).unwrap(), U256::from(16));
		assert_eq!(parse(json!(7)).unwrap(), U256::from(7));
		assert_eq!(parse(json!(format!("0x{}", "f".repeat(64)))).unwrap(), U256::MAX);
	}

	#[test]
	fn quantity_should_be_refused_when_it_is_malformed() {
		for value in [json!(""), json!("0x"), json!("12"), json!("0xg"), json!(-1), json!(1.5)] {
			assert!(from_value::<Quantity>(value.clone()).is_err(), "{value}");
		}
		assert!(from_value::<Quantity>(json!(format!("0x1{}", "0".repeat(64)))).is_err());
	}

	#[test]
	fn block_id_should_parse_when_it_is_a_tag_number_hash_or_object() {
		let hash = H256::repeat_byte(0xab);
		let cases = [
			(json!("latest"), BlockId::Latest),
			(json!("pending"), BlockId::Pending),
			(json!("safe"), BlockId::Safe),
			(json!("finalized"), BlockId::Finalized),
			(json!("earliest"), BlockId::Earliest),
			(json!("0x10"), BlockId::Number(16)),
			(json!(16), BlockId::Number(16)),
			(json!(format!("{hash:?}")), BlockId::Hash(hash)),
			(json!({ "blockHash": format!("{hash:?}") }), BlockId::Hash(hash)),
			(
				json!({ "blockHash": format!("{hash:?}"), "requireCanonical": true }),
				BlockId::Canonical(hash),
			),
			(json!({ "blockNumber": "0x10" }), BlockId::Number(16)),
		];
		for (value, expected) in cases {
			assert_eq!(from_value::<BlockId>(value.clone()).unwrap(), expected, "{value}");
		}
	}

	#[test]
	fn block_id_should_be_refused_when_it_is_malformed() {
		let both = json!({ "blockNumber": "0x1", "blockHash": format!("{:?}", H256::zero()) });
		for value in
			[json!("newest"), json!("10"), json!({}), both, json!([]), json!("0x10000000000000000")]
		{
			assert!(from_value::<BlockId>(value.clone()).is_err(), "{value}");
		}
	}

	fn log(address: u8, topics: &[u8]) -> Log {
		Log {
			address: H160::repeat_byte(address),
			topics: topics.iter().map(|topic| H256::repeat_byte(*topic)).collect(),
			..Default::default()
		}
	}

	#[test]
	fn log_filter_should_match_topics_by_position_when_some_are_wildcards() {
		let filter: LogFilter = from_value(json!({
			"address": H160::repeat_byte(1),
			"topics": [null, [H256::repeat_byte(3), H256::repeat_byte(4)]],
		}))
		.unwrap();
		assert!(filter.admits(&log(1, &[9, 3])));
		assert!(filter.admits(&log(1, &[9, 4, 5])));
		assert!(!filter.admits(&log(2, &[9, 3])));
		assert!(!filter.admits(&log(1, &[3, 9])));
		assert!(!filter.admits(&log(1, &[9])));
	}

	#[test]
	fn log_filter_should_skip_a_block_when_its_bloom_lacks_the_address() {
		let filter: LogFilter =
			from_value(json!({ "address": [H160::repeat_byte(1)], "topics": [] })).unwrap();
		let mut bloom = Bloom::default();
		bloom.accrue(&H160::repeat_byte(2), &[]);
		assert!(!filter.bloom_query().may_be_in(&bloom));
		bloom.accrue(&H160::repeat_byte(1), &[]);
		assert!(filter.bloom_query().may_be_in(&bloom));
		assert!(LogFilter::default().bloom_query().may_be_in(&Bloom::default()));
	}

	#[test]
	fn log_filter_should_cover_only_its_range_when_it_has_numbers() {
		let at = |number: u64| Log { block_number: number.into(), ..Default::default() };
		let filter: LogFilter =
			from_value(json!({ "fromBlock": "0x2", "toBlock": "0x3" })).unwrap();
		let covered: Vec<_> = (0..6).filter(|number| filter.covers(&at(*number))).collect();
		assert_eq!(covered, [2, 3]);
		let open: LogFilter = from_value(json!({ "fromBlock": "latest" })).unwrap();
		assert!(open.covers(&at(0)));
		let hash = H256::repeat_byte(1);
		let one: LogFilter = from_value(json!({ "blockHash": hash })).unwrap();
		assert!(!one.covers(&at(0)));
		assert!(one.covers(&Log { block_hash: hash, ..Default::default() }));
	}

	#[test]
	fn log_filter_should_be_refused_when_it_is_too_large_or_ends_in_the_past() {
		let parse = |value| from_value::<LogFilter>(value).unwrap();
		let five = parse(json!({ "topics": [null, null, null, null, null] }));
		assert!(five.check().is_err());
		let many = vec![H160::zero(); 1_001];
		assert!(parse(json!({ "address": many })).check().is_err());
		assert!(parse(json!({ "address": many[1..], "topics": [null] })).check().is_ok());
		for range in
			[json!({ "toBlock": "finalized" }), json!({ "fromBlock": "0x2", "toBlock": "0x1" })]
		{
			assert!(parse(range).check_changes().is_err());
		}
		let good = json!({ "fromBlock": "earliest", "toBlock": "latest" });
		assert!(parse(good).check_changes().is_ok());
	}
}
