//! What goes over the wire: OpenAI's requests and answers, and blobs.

pub use openledger_worker::{PromptBlob, ResponseBlob};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

/// Tokens of an answer, if the request says nothing.
const TOKENS: usize = 64;
/// The most tokens of an answer: others wait for it.
const MAX_TOKENS: usize = 4_096;

/// A message of a conversation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChatMessage {
	/// Who speaks.
	pub role: String,
	/// What is said.
	pub content: Value,
}

/// What a payer signed, beside an OpenAI request. The blob says what is asked and how; the request's
/// own fields are not looked at then.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Paid {
	/// The prompt blob, as its hash was signed.
	pub blob: String,
	/// SCALE of the request, hexadecimal.
	pub request: String,
	/// SCALE of the payer's signature, hexadecimal.
	pub signature: String,
	/// SCALE of a voucher for earlier answers and of its signature, hexadecimal.
	#[serde(default, skip_serializing_if = "Option::is_none")]
	pub voucher: Option<String>,
}

/// `POST /v1/vouchers`: pays for answers that wait for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PaidLater {
	/// SCALE of the voucher and of its signature, hexadecimal.
	pub voucher: String,
}

/// `prompt` of a completion: a text, or a list of one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Prompt {
	One(String),
	Many(Vec<String>),
}

/// What a stream carries beside the answer.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StreamOptions {
	#[serde(default)]
	pub include_usage: bool,
}

/// Checks how an answer is to be drawn, whoever wrote the blob.
pub(crate) fn check(blob: &PromptBlob) -> Result<(), String> {
	if !(0.0..=2.0).contains(&blob.temperature) {
		return Err("temperature: between 0 and 2".into());
	}
	if !(1..=MAX_TOKENS).contains(&blob.max_tokens) {
		return Err(format!("max_tokens: between 1 and {MAX_TOKENS}"));
	}
	Ok(())
}

/// What of a text is shown: what stands before the first stop. Until the text is `over`, what may
/// be the beginning of a stop is held back.
pub(crate) fn shown<'a>(text: &'a str, stops: &[String], over: bool) -> &'a str {
	if let Some(cut) = stops.iter().filter_map(|stop| text.find(stop.as_str())).min() {
		return &text[..cut];
	}
	let begins = |stop: &String| {
		let ends = stop.char_indices().map(|(end, _)| end).skip(1);
		ends.filter(|end| text.ends_with(&stop[..*end])).max()
	};
	let held = if over { 0 } else { stops.iter().filter_map(begins).max().unwrap_or(0) };
	&text[..text.len() - held]
}

/// A completion or chat completion.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Asked {
	pub model: String,
	pub prompt: Option<Prompt>,
	pub messages: Option<Vec<ChatMessage>>,
	pub max_tokens: Option<usize>,
	pub max_completion_tokens: Option<usize>,
	pub temperature: Option<f32>,
	pub seed: Option<i64>,
	#[serde(default)]
	pub stream: bool,
	pub n: Option<u32>,
	pub stop: Option<Value>,
	pub stream_options: Option<StreamOptions>,
	pub openledger: Option<Paid>,
}

impl Asked {
	/// The text that the model continues.
	pub fn text(&self, chat: bool) -> Result<String, String> {
		if chat {
			let messages = self.messages.as_deref().unwrap_or_default();
			if messages.is_empty() {
				return Err("messages: at least one message is needed".into());
			}
			// A base model of text knows no roles: it continues what was said.
			let texts = messages.iter().map(|message| match &message.content {
				Value::String(text) => Ok(text.clone()),
				Value::Array(parts) => Ok(parts
					.iter()
					.filter_map(|part| part["text"].as_str())
					.collect::<Vec<_>>()
					.join(" ")),
				_ => Err("messages: content is a text or a list of texts".to_string()),
			});
			return Ok(texts.collect::<Result<Vec<_>, _>>()?.join("\n"));
		}
		match &self.prompt {
			Some(Prompt::One(text)) => Ok(text.clone()),
			Some(Prompt::Many(texts)) if texts.len() == 1 => Ok(texts[0].clone()),
			_ => Err("prompt: give one text".into()),
		}
	}

	/// Checks what is not supported, and makes the blob of a request by API key.
	pub fn blob(&self, chat: bool, salt: String) -> Result<PromptBlob, String> {
		if self.n.unwrap_or(1) != 1 {
			return Err("n: one answer at a time".into());
		}
		let temperature = self.temperature.unwrap_or(1.0);
		let max_tokens = self.max_completion_tokens.or(self.max_tokens).unwrap_or(TOKENS);
		let seed = self.seed.unwrap_or_else(|| i64::from(rand::random::<i32>())) as u64;
		Ok(PromptBlob { salt, prompt: self.text(chat)?, temperature, max_tokens, seed })
	}

	/// Texts at which an answer ends.
	pub fn stops(&self) -> Vec<String> {
		let mut stops: Vec<String> = match &self.stop {
			Some(Value::String(text)) => vec![text.clone()],
			Some(Value::Array(all)) => {
				all.iter().filter_map(|v| v.as_str().map(str::to_string)).collect()
			},
			_ => Vec::new(),
		};
		stops.retain(|stop| !stop.is_empty());
		stops
	}
}

/// What identifies an answer in all its chunks.
#[derive(Clone)]
pub(crate) struct Answer {
	pub id: String,
	pub model: String,
	pub created: u64,
	pub chat: bool,
}

impl Answer {
	fn object(&self, stream: bool) -> &'static str {
		match (self.chat, stream) {
			(true, true) => "chat.completion.chunk",
			(true, false) => "chat.completion",
			_ => "text_completion",
		}
	}

	fn envelope(&self, stream: bool, choice: Value) -> Value {
		json!({ "id": self.id, "object": self.object(stream), "created": self.created,
			"model": self.model, "choices": [choice] })
	}

	/// A piece of a stream; the last one says why the answer ended.
	pub fn chunk(&self, text: Option<&str>, finish: Option<&str>) -> Value {
		let choice = if self.chat {
			let delta = match text {
				Some(text) => json!({ "content": text }),
				None => json!({}),
			};
			json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": finish })
		} else {
			let text = text.unwrap_or_default();
			json!({ "index": 0, "text": text, "logprobs": null, "finish_reason": finish })
		};
		self.envelope(true, choice)
	}

	/// Begins the stream of a chat: clients join the texts of all deltas, so the role comes once.
	pub fn opening(&self) -> Option<Value> {
		let delta = json!({ "role": "assistant", "content": "" });
		let choice = json!({ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null });
		self.chat.then(|| self.envelope(true, choice))
	}

	/// Ends a stream whose reader wants to know the tokens.
	pub fn usage(&self, usage: (usize, usize)) -> Value {
		let mut last = self.envelope(true, json!(null));
		last["choices"] = json!([]);
		last["usage"] = tokens(usage);
		last
	}

	/// The whole answer.
	pub fn whole(&self, text: &str, finish: &str, usage: (usize, usize)) -> Value {
		let choice = if self.chat {
			let message = json!({ "role": "assistant", "content": text, "refusal": null });
			json!({ "index": 0, "message": message, "logprobs": null, "finish_reason": finish })
		} else {
			json!({ "index": 0, "text": text, "logprobs": null, "finish_reason": finish })
		};
		let mut whole = self.envelope(false, choice);
		whole["usage"] = tokens(usage);
		whole
	}
}

fn tokens((prompt, answer): (usize, usize)) -> Value {
	json!({ "prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn shown_should_hold_back_what_may_be_a_stop_when_the_text_goes_on() {
		let stops = ["\n\n".to_string(), "END".to_string()];
		for (text, going, over) in [
			("a word", "a word", "a word"),
			("a word\n", "a word", "a word\n"),
			("a word\n\nmore", "a word", "a word"),
			("a wordEN", "a word", "a wordEN"),
			("EndEND\n\n", "End", "End"),
			("", "", ""),
		] {
			assert_eq!(shown(text, &stops, false), going);
			assert_eq!(shown(text, &stops, true), over);
		}
	}

	#[test]
	fn shown_should_never_take_back_what_it_gave_when_the_text_grows() {
		let stops = ["größer".to_string(), "ßß".to_string()];
		let text = "viel größe, größer, ßß";
		let mut before = "";
		for end in text.char_indices().map(|(i, _)| i).chain([text.len()]) {
			let now = shown(&text[..end], &stops, false);
			assert!(now.starts_with(before), "{now:?} takes back {before:?}");
			before = now;
		}
		assert_eq!(before, "viel größe, ");
	}
}
