// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Model versions, their prices and who serves them.
/// @notice At 0x000000000000000000000000000000000A020000.
interface IModels {
	/// @notice A base model was registered.
	event BaseRegistered(uint32 indexed base, address indexed registrant, bytes32 manifest);
	/// @notice A base model was removed.
	event BaseRemoved(uint32 indexed base);
	/// @notice A fine-tuning run was started.
	event RunStarted(uint32 indexed model, address indexed developer, uint32 indexed datanet, uint32 version);
	/// @notice A run was given up.
	event RunCancelled(uint32 indexed model);
	/// @notice A run has become a model version that can be served.
	event VersionRegistered(uint32 indexed model, bytes32 adapter);
	/// @notice Prices of a thousand tokens, and the part of its share that the developer gives away.
	event PriceSet(uint32 indexed model, uint256 inputPrice, uint256 outputPrice, uint16 donation);
	/// @notice An operator serves, or serves elsewhere.
	event Serving(uint32 indexed model, address indexed operator, string endpoint);
	/// @notice An operator serves no more.
	event StoppedServing(uint32 indexed model, address indexed operator);
	/// @notice A model version takes no new requests, and no receipts after a block.
	event Retired(uint32 indexed model, uint32 until);
	/// @notice A retired model version is no more.
	event VersionRemoved(uint32 indexed model);

	/// @notice A registered model version; reverts while it trains.
	/// @return developer Who is paid the developer's share.
	/// @return base BLAKE2b-256 of the base model's manifest.
	/// @return datanet The Datanet that it was trained on.
	/// @return version The version of that Datanet.
	/// @return adapter BLAKE2b-256 of the published adapter.
	/// @return inputPrice Wei for a thousand tokens of prompt.
	/// @return outputPrice Wei for a thousand tokens of answer.
	/// @return donation Basis points of its share that the developer gives to the contributors.
	function model(uint32 id)
		external
		view
		returns (
			address developer,
			bytes32 base,
			uint32 datanet,
			uint32 version,
			bytes32 adapter,
			uint256 inputPrice,
			uint256 outputPrice,
			uint16 donation
		);

	/// @notice Whether an account serves a model version.
	function isOperator(uint32 id, address account) external view returns (bool serves);

	/// @notice URLs that publish the blobs of a model and of answers by an operator: the operator's
	/// first, then that of the base model's registrant.
	function endpoints(uint32 id, address operator) external view returns (string[] memory urls);

	/// @notice The model versions that one improves on, the nearest first; at most 32.
	function lineage(uint32 id) external view returns (uint32[] memory ancestors);
}
