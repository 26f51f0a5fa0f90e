use crate::{hash, Error, Hash, Space, Store};
use axum::{
	extract::{Path, State},
	http::{header, HeaderMap, StatusCode},
	response::{IntoResponse, Response},
	routing::get,
	Router,
};
use futures::future::BoxFuture;
use sp_core::{crypto::KeyTypeId, sr25519, ByteArray, Pair};
use sp_keystore::Keystore;
use std::{
	sync::Arc,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The largest blob that is fetched, in bytes.
const MAX_BLOB: usize = 1 << 30;
/// How long a fetch may take.
const TIMEOUT: Duration = Duration::from_secs(60);
/// How much of an endpoint's reason for refusing is read, in bytes.
const MAX_REASON: usize = 512;
/// How many minutes a signature is good for.
const MINUTES: u64 = 5;

/// Decides whether a hot key may read a private blob.
pub type Readers = Arc<dyn Fn([u8; 32], Hash) -> BoxFuture<'static, bool> + Send + Sync>;

#[derive(Clone)]
struct Served {
	store: Store,
	readers: Readers,
}

/// `GET /blobs/{hash}` for anybody and `GET /private/{hash}` for whom `readers` allows.
pub fn router(store: Store, readers: Readers) -> Router {
	Router::new()
		.route("/blobs/{hash}", get(public))
		.route("/private/{hash}", get(private))
		.with_state(Served { store, readers })
}

fn parse(text: &str) -> Option<Hash> {
	let mut hash = [0; 32];
	hex::decode_to_slice(text.trim_start_matches("0x"), &mut hash).ok()?;
	Some(hash)
}

/// A blob may be large: it is read and hashed where that holds up no other request.
async fn answer(store: Store, space: Space, hash: Hash) -> Response {
	match tokio::task::spawn_blocking(move || store.get(space, &hash)).await {
		Ok(Ok(bytes)) => {
			([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
		},
		Ok(Err(Error::Missing { .. })) => {
			let name = hex::encode(hash);
			(StatusCode::NOT_FOUND, format!("blob {name} is not here")).into_response()
		},
		Ok(Err(error)) => {
			// The reader has no use for this machine's paths.
			log::error!(target: "blobs", "{error}");
			(StatusCode::INTERNAL_SERVER_ERROR, "the blob is damaged here: ask another endpoint")
				.into_response()
		},
		Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
	}
}

async fn public(State(served): State<Served>, Path(name): Path<String>) -> Response {
	match parse(&name) {
		Some(hash) => answer(served.store, Space::Public, hash).await,
		None => (StatusCode::BAD_REQUEST, "a hash has 64 hexadecimal digits").into_response(),
	}
}

async fn private(
	State(served): State<Served>,
	Path(name): Path<String>,
	headers: HeaderMap,
) -> Response {
	let Some(hash) = parse(&name) else {
		return (StatusCode::BAD_REQUEST, "a hash has 64 hexadecimal digits").into_response();
	};
	let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
	let key = given.and_then(|given| authenticated(given, &hash, minute()));
	match key {
		Some(key) if (served.readers)(key, hash).await => {
			answer(served.store, Space::Private, hash).await
		},
		Some(_) => {
			(StatusCode::FORBIDDEN, "this key was not drawn to score this answer").into_response()
		},
		None => (StatusCode::UNAUTHORIZED, "sign the request with a drawn hot key").into_response(),
	}
}

fn minute() -> u64 {
	SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 60
}

fn payload(hash: &Hash, minute: u64) -> Vec<u8> {
	[b"openledger/fetch/v1", &hash[..], &minute.to_le_bytes()[..]].concat()
}

/// The `Authorization` header by which a hot key asks for a private blob; `None` if the keystore
/// does not hold the key.
pub fn authorization(
	keystore: &dyn Keystore,
	kind: KeyTypeId,
	key: [u8; 32],
	hash: &Hash,
) -> Option<String> {
	let minute = minute();
	let public = sr25519::Public::from_slice(&key).ok()?;
	let signature = keystore.sr25519_sign(kind, &public, &payload(hash, minute)).ok()??;
	Some(format!("OpenLedger {}:{minute}:{}", hex::encode(key), hex::encode(signature.0)))
}

/// The key that signed an `Authorization` header for this blob, not long ago.
fn authenticated(header: &str, hash: &Hash, now: u64) -> Option<[u8; 32]> {
	let mut parts = header.strip_prefix("OpenLedger ")?.split(':');
	let key: [u8; 32] = hex::decode(parts.next()?).ok()?.try_into().ok()?;
	let minute: u64 = parts.next()?.parse().ok()?;
	let signature: [u8; 64] = hex::decode(parts.next()?).ok()?.try_into().ok()?;
	let public = sr25519::Public::from_slice(&key).ok()?;
	let fresh = now.abs_diff(minute) <= MINUTES;
	let signature = sr25519::Signature::from_raw(signature);
	let good = fresh && sr25519::Pair::verify(&signature, payload(hash, minute), &public);
	good.then_some(key)
}

/// What is to be fetched, and by whom.
pub struct Fetch<'a> {
	/// Public or private.
	pub space: Space,
	/// The blob.
	pub hash: Hash,
	/// URLs, tried in order.
	pub endpoints: &'a [String],
	/// Sent with requests for private blobs.
	pub authorization: Option<String>,
}

/// Gives a blob out of the store, or fetches, checks and stores it.
pub async fn fetch(store: &Store, wanted: Fetch<'_>) -> Result<Vec<u8>, Error> {
	if let Ok(bytes) = store.get(wanted.space, &wanted.hash) {
		return Ok(bytes);
	}
	let client = reqwest::Client::builder().timeout(TIMEOUT).build();
	let failed = |why: String| Error::Fetch { hash: wanted.hash, why };
	let client = client.map_err(|error| failed(error.to_string()))?;
	let mut reasons = Vec::new();
	for endpoint in wanted.endpoints {
		let name = hex::encode(wanted.hash);
		let url = format!("{}/{}/{name}", endpoint.trim_end_matches('/'), wanted.space.folder());
		let mut request = client.get(&url);
		if let Some(authorization) = &wanted.authorization {
			request = request.header(header::AUTHORIZATION, authorization);
		}
		match download(request).await {
			Ok(bytes) if hash(&bytes) == wanted.hash => {
				store.put(wanted.space, &bytes)?;
				return Ok(bytes);
			},
			Ok(_) => reasons.push(format!("{endpoint} gave another blob")),
			Err(why) => reasons.push(format!("{endpoint}: {why}")),
		}
	}
	let why = if reasons.is_empty() { "no endpoint is known".into() } else { reasons.join("; ") };
	Err(failed(why))
}

async fn download(request: reqwest::RequestBuilder) -> Result<Vec<u8>, String> {
	let mut response = request.send().await.map_err(|error| error.to_string())?;
	let status = response.status();
	let mut bytes = Vec::new();
	if !status.is_success() {
		// A stranger chooses the length of its reason.
		while let Ok(Some(chunk)) = response.chunk().await {
			bytes.extend_from_slice(&chunk[..chunk.len().min(MAX_REASON - bytes.len())]);
			if bytes.len() == MAX_REASON {
				break;
			}
		}
		return Err(format!("{status} {}", String::from_utf8_lossy(&bytes)));
	}
	while let Some(chunk) = response.chunk().await.map_err(|error| error.to_string())? {
		if bytes.len() + chunk.len() > MAX_BLOB {
			return Err("the blob is too large".into());
		}
		bytes.extend_from_slice(&chunk);
	}
	Ok(bytes)
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_keystore::testing::MemoryKeystore;

	const KIND: KeyTypeId = KeyTypeId(*b"olsc");
	/// The hash of no blob.
	const NONE: Hash = [1; 32];

	async fn serve(store: Store, allowed: [u8; 32]) -> String {
		let readers: Readers = Arc::new(move |key, _| Box::pin(async move { key == allowed }));
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let url = format!("http://{}", listener.local_addr().unwrap());
		tokio::spawn(async move { axum::serve(listener, router(store, readers)).await });
		url
	}

	#[tokio::test]
	async fn fetch_should_store_the_blob_when_an_endpoint_has_it() {
		let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let (theirs, mine) =
			(Store::open(there.path()).unwrap(), Store::open(here.path()).unwrap());
		let hash = theirs.put(Space::Public, b"content").unwrap();
		let empty = tempfile::tempdir().unwrap();
		let endpoints = [
			serve(Store::open(empty.path()).unwrap(), [0; 32]).await,
			serve(theirs, [0; 32]).await,
		];
		let wanted =
			|hash| Fetch { space: Space::Public, hash, endpoints: &endpoints, authorization: None };
		assert_eq!(fetch(&mine, wanted(hash)).await.unwrap(), b"content");
		assert!(mine.has(Space::Public, &hash));
		assert!(matches!(fetch(&mine, wanted([7; 32])).await, Err(Error::Fetch { .. })));
	}

	#[tokio::test]
	async fn fetch_should_be_refused_when_the_key_was_not_drawn() {
		let (there, here) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
		let (theirs, mine) =
			(Store::open(there.path()).unwrap(), Store::open(here.path()).unwrap());
		let hash = theirs.put(Space::Private, b"prompt").unwrap();
		let keystore = MemoryKeystore::new();
		let drawn = keystore.sr25519_generate_new(KIND, None).unwrap().0;
		let other = keystore.sr25519_generate_new(KIND, None).unwrap().0;
		let endpoints = [serve(theirs, drawn).await];
		let ask = |authorization| {
			let wanted =
				Fetch { space: Space::Private, hash, endpoints: &endpoints, authorization };
			fetch(&mine, wanted)
		};
		let by = |key, of: &Hash| authorization(&keystore, KIND, key, of);
		for (refused, why) in
			[(None, "401"), (by(other, &hash), "403"), (by(drawn, &[9; 32]), "401")]
		{
			let error = ask(refused).await.unwrap_err().to_string();
			assert!(error.contains(why), "{error}");
		}
		assert_eq!(ask(by(drawn, &hash)).await.unwrap(), b"prompt");
	}

	#[tokio::test]
	async fn fetch_should_read_little_of_the_reason_when_an_endpoint_never_stops_giving_it() {
		use tokio::io::{AsyncReadExt, AsyncWriteExt};
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoint = format!("http://{}", listener.local_addr().unwrap());
		let endless = tokio::spawn(async move {
			let (mut socket, _) = listener.accept().await.unwrap();
			// An answer before the question is an error of its own.
			let mut asked = Vec::new();
			while !asked.ends_with(b"\r\n\r\n") {
				asked.push(socket.read_u8().await.unwrap());
			}
			let head = b"HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\n\r\n";
			socket.write_all(head).await.unwrap();
			// Ends when the other side has heard enough.
			while socket.write_all(&[b'x'; 4096]).await.is_ok() {}
		});
		let here = tempfile::tempdir().unwrap();
		let store = Store::open(here.path()).unwrap();
		let endpoints = [endpoint];
		let wanted =
			Fetch { space: Space::Public, hash: NONE, endpoints: &endpoints, authorization: None };
		let error = fetch(&store, wanted).await.unwrap_err().to_string();
		assert!(error.contains("500") && error.len() < 1_000, "{error}");
		endless.await.unwrap();
	}

	#[tokio::test]
	async fn fetch_should_refuse_the_blob_when_its_content_has_another_hash() {
		let app = Router::new().route("/blobs/{hash}", get(|| async { "forged" }));
		let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
		let endpoints = [format!("http://{}", listener.local_addr().unwrap())];
		tokio::spawn(async move { axum::serve(listener, app).await });
		let here = tempfile::tempdir().unwrap();
		let store = Store::open(here.path()).unwrap();
		let wanted =
			Fetch { space: Space::Public, hash: NONE, endpoints: &endpoints, authorization: None };
		let error = fetch(&store, wanted).await.unwrap_err().to_string();
		assert!(error.contains("gave another blob"), "{error}");
		assert!(!store.has(Space::Public, &hash(b"forged")));
	}

	#[test]
	fn authenticated_should_refuse_when_the_signature_is_old() {
		let keystore = MemoryKeystore::new();
		let key = keystore.sr25519_generate_new(KIND, None).unwrap().0;
		let header = authorization(&keystore, KIND, key, &[1; 32]).unwrap();
		assert_eq!(authenticated(&header, &[1; 32], minute()), Some(key));
		assert_eq!(authenticated(&header, &[1; 32], minute() + MINUTES + 2), None);
	}
}
