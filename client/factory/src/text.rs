//! Text and tokens: byte-level BPE (Sennrich et al. 2016), through the `tokenizers` library.

use crate::{hash, Error, Hash};
use tokenizers::{
	decoders::byte_level::ByteLevel as Decoder,
	models::{
		bpe::{BpeTrainerBuilder, BPE},
		TrainerWrapper,
	},
	pre_tokenizers::byte_level::ByteLevel,
	AddedToken, DecoderWrapper, ModelWrapper, NormalizerWrapper, PostProcessorWrapper,
	PreTokenizerWrapper, TokenizerBuilder,
};

/// Begins every sequence, and ends an answer, of a model that is trained here.
pub const END: &str = "<|endoftext|>";

/// A tokenizer, kept as `tokenizer.json`.
pub struct Tokenizer {
	inner: tokenizers::Tokenizer,
	begin: u32,
	ends: Vec<u32>,
}

impl Tokenizer {
	/// Trains on text.
	pub fn train(text: &str, vocabulary: usize) -> Result<Self, Error> {
		let wrong = |e: tokenizers::Error| Error::corrupt("the tokenizer", e);
		let mut tokenizer = TokenizerBuilder::<
			ModelWrapper,
			NormalizerWrapper,
			PreTokenizerWrapper,
			PostProcessorWrapper,
			DecoderWrapper,
		>::default()
		.with_model(ModelWrapper::BPE(BPE::default()))
		.with_pre_tokenizer(Some(PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, true))))
		.with_decoder(Some(DecoderWrapper::ByteLevel(Decoder::default())))
		.build()
		.map_err(wrong)?;
		let mut trainer: TrainerWrapper = BpeTrainerBuilder::new()
			.vocab_size(vocabulary)
			.min_frequency(2)
			.show_progress(false)
			.special_tokens(vec![AddedToken::from(END, true)])
			.initial_alphabet(ByteLevel::alphabet().into_iter().collect())
			.build()
			.into();
		let pieces = text.split_inclusive('\n').map(str::to_string);
		tokenizer.train(&mut trainer, pieces).map_err(wrong)?;
		let json = tokenizer.to_string(false).map_err(wrong)?;
		Self::from_json(json.as_bytes())
	}

	fn read(json: &[u8]) -> Result<tokenizers::Tokenizer, Error> {
		let mut inner = tokenizers::Tokenizer::from_bytes(json)
			.map_err(|e| Error::corrupt("tokenizer.json", e))?;
		inner.set_encode_special_tokens(true);
		Ok(inner)
	}

	/// Reads `tokenizer.json` as it is trained here.
	pub fn from_json(json: &[u8]) -> Result<Self, Error> {
		let inner = Self::read(json)?;
		let end = inner
			.token_to_id(END)
			.ok_or_else(|| Error::corrupt("tokenizer.json", format!("it has no {END}")))?;
		Ok(Self { inner, begin: end, ends: vec![end] })
	}

	/// Reads a published `tokenizer.json`, of a model whose sequences begin and end with these tokens.
	pub fn published(json: &[u8], begin: u32, ends: Vec<u32>) -> Result<Self, Error> {
		Ok(Self { inner: Self::read(json)?, begin, ends })
	}

	/// The bytes of `tokenizer.json`.
	pub fn to_json(&self) -> Result<Vec<u8>, Error> {
		let json = self.inner.to_string(false);
		json.map(String::into_bytes).map_err(|e| Error::corrupt("the tokenizer", e))
	}

	/// How many tokens there are.
	pub fn vocabulary(&self) -> usize {
		self.inner.get_vocab_size(true)
	}

	/// The token that begins a sequence.
	pub fn begin(&self) -> u32 {
		self.begin
	}

	/// Whether a token ends an answer.
	pub fn is_end(&self, token: u32) -> bool {
		self.ends.contains(&token)
	}

	/// Tokens of text. Text that spells a special token is not one.
	pub fn encode(&self, text: &str) -> Result<Vec<u32>, Error> {
		let encoding = self.inner.encode(text, false).map_err(|e| Error::corrupt("the text", e))?;
		Ok(encoding.get_ids().to_vec())
	}

	/// Text of tokens, without special ones.
	pub fn decode(&self, tokens: &[u32]) -> Result<String, Error> {
		self.inner.decode(tokens, true).map_err(|e| Error::corrupt("the tokens", e))
	}

	/// BLAKE2b-256 of `tokenizer.json`.
	pub fn hash(&self) -> Result<Hash, Error> {
		Ok(hash(&self.to_json()?))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn decode_should_give_the_text_back_when_encoded() {
		let tokenizer = Tokenizer::train(&"the cat sat on the mat\n".repeat(50), 300).unwrap();
		for text in ["the cat", "Größe, 漢字 and\ttabs\n", "", END] {
			let tokens = tokenizer.encode(text).unwrap();
			assert!(!tokens.iter().any(|token| tokenizer.is_end(*token)));
			assert_eq!(tokenizer.decode(&tokens).unwrap(), text);
		}
	}

	#[test]
	fn train_should_give_the_same_tokenizer_when_trained_again() {
		let text = "a small text, a small one\n".repeat(20);
		let train = || Tokenizer::train(&text, 280).unwrap().hash().unwrap();
		assert_eq!(train(), train());
	}

	#[test]
	fn from_json_should_be_a_clear_error_when_corrupt() {
		let error = Tokenizer::from_json(b"{").err().unwrap().to_string();
		assert!(error.contains("tokenizer.json"), "{error}");
	}
}
