// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title The precompiles of OpenLedger by their names.
/// @notice At 0x000000000000000000000000000000000a000000.
interface IRegistry {
	/// @notice The address of a precompile: "registry", "datanets", "models", "agents" or
	/// "attribution". Reverts on any other name.
	function addressOf(string calldata name) external view returns (address precompile);

	/// @notice Names of all precompiles.
	function names() external view returns (string[] memory all);
}
