use super::Common;
use crate::chain::Result;
use jsonrpsee::{
	core::client::ClientT,
	http_client::{HttpClient, HttpClientBuilder},
	rpc_params,
};
use serde_json::{json, Value};

/// Shows what MetaMask and other wallets need to know of this chain.
///
/// In MetaMask: Networks, Add a custom network, and these values; or let a web page do it by
/// `window.ethereum.request` with the JSON at the end. The values come from the node itself.
#[derive(Debug, clap::Args)]
pub struct MetamaskCommand {
	/// The RPC as the wallet reaches it; by default the node of --url, over HTTP.
	#[arg(long, value_name = "URL")]
	rpc: Option<String>,
}

impl MetamaskCommand {
	pub async fn run(&self, common: &Common) -> Result<()> {
		let url = http(self.rpc.as_ref().unwrap_or(&common.url));
		let client = HttpClientBuilder::default().build(&url)?;
		let chain_id: String = ask(&client, &url, "eth_chainId").await?;
		let decimal = u64::from_str_radix(chain_id.trim_start_matches("0x"), 16)
			.map_err(|error| format!("{url} has the chain id {chain_id:?}: {error}"))?;
		let chain: String = ask(&client, &url, "system_chain").await?;
		let properties: Value = ask(&client, &url, "system_properties").await?;
		let (Some(symbol), Some(decimals)) =
			(properties["tokenSymbol"].as_str(), properties["tokenDecimals"].as_u64())
		else {
			let what = "names no tokenSymbol and tokenDecimals";
			return Err(format!("the chain specification of {url} {what}: add them to it").into());
		};
		let name = match chain.as_str() {
			"OpenLedger" => chain,
			other => format!("OpenLedger {other}"),
		};
		let request = json!({
			"method": "wallet_addEthereumChain",
			"params": [{
				"chainId": chain_id,
				"chainName": name,
				"rpcUrls": [url],
				"nativeCurrency": { "name": symbol, "symbol": symbol, "decimals": decimals },
			}],
		});
		let text = format!(
			"network name    {name}\nRPC URL         {url}\nchain id        {decimal} ({chain_id})\n\
			 currency symbol {symbol}\ndecimals        {decimals}\nblock explorer  none\n\n{request:#}"
		);
		let json = json!({
			"name": name,
			"rpc": url,
			"chainId": decimal,
			"chainIdHex": chain_id,
			"symbol": symbol,
			"decimals": decimals,
			"explorer": null,
			"request": request,
		});
		common.print(text, json);
		Ok(())
	}
}

async fn ask<T: serde::de::DeserializeOwned>(
	client: &HttpClient,
	url: &str,
	method: &str,
) -> Result<T> {
	Ok(client.request(method, rpc_params![]).await.map_err(|error| {
		format!("no node of this chain at {url} ({error}): start one with `openledger --dev`")
	})?)
}

/// The address of the same port for HTTP.
fn http(url: &str) -> String {
	match url.strip_prefix("ws") {
		Some(rest) => format!("http{rest}"),
		None => url.to_string(),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn http_should_keep_host_and_security_when_the_address_is_of_a_websocket() {
		assert_eq!(http("ws://127.0.0.1:9944"), "http://127.0.0.1:9944");
		assert_eq!(http("wss://node.example/rpc"), "https://node.example/rpc");
		assert_eq!(http("http://[::1]:80"), "http://[::1]:80");
	}
}
