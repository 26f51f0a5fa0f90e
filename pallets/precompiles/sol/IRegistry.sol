// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title The precompiles of OpenLedger by their names.
/// @notice At 0x000000000000000000000000000000000a000000.
interface IRegistry {
	/// @notice An interface and where it is.
	/// @param name "registry", "datanets", "models", "agents", "attribution" or "open".
	/// @param precompile Its address.
	/// @param version Grows by one with every release that adds a function or an event. What was
	/// released never changes its selector.
	/// @param deprecated Whether new contracts should use another interface; it still answers.
	struct Interface {
		string name;
		address precompile;
		uint32 version;
		bool deprecated;
	}

	/// @notice The address of a precompile: "registry", "datanets", "models", "agents",
	/// "attribution" or "open". Reverts on any other name.
	function addressOf(string calldata name) external view returns (address precompile);

	/// @notice Names of all precompiles.
	function names() external view returns (string[] memory all);

	/// @notice All interfaces, in the order of their addresses. Since version 2.
	function interfaces() external view returns (Interface[] memory all);
}
