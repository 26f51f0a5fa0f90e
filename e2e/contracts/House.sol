// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import "IAgents.sol";
import "IAttribution.sol";
import "IDatanets.sol";
import "IModels.sol";

/// A contract that owns a Datanet and an agent, and asks the models and the attribution.
contract House {
	IDatanets constant DATANETS = IDatanets(0x000000000000000000000000000000000a010000);
	IModels constant MODELS = IModels(0x000000000000000000000000000000000A020000);
	IAgents constant AGENTS = IAgents(0x000000000000000000000000000000000a030000);
	IAttribution constant ATTRIBUTION = IAttribution(0x000000000000000000000000000000000A040000);

	uint32 public datanet;
	uint32 public agent;

	receive() external payable {}

	function open(string calldata name, bytes32 card) external {
		datanet = DATANETS.create(name, 2, 1 ether, 0, 500);
		agent = AGENTS.register(card);
	}

	function give(bytes32[] calldata hashes, uint32[] calldata lengths) external returns (uint32) {
		return DATANETS.contribute(datanet, hashes, lengths);
	}

	function mayTune() external view returns (bool) {
		return DATANETS.isLicensed(datanet, address(this), 2);
	}

	function serves(uint32 model, address operator) external view returns (bool) {
		return MODELS.isOperator(model, operator);
	}

	function pending() external view returns (uint256) {
		return ATTRIBUTION.pendingRewards(address(this));
	}
}
