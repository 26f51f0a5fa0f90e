// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Agents own a wallet, list skills and are paid per call.
/// @notice At 0x000000000000000000000000000000000a030000. Amounts are in wei. Calls that change
/// something act for the caller, hold a deposit of its balance for what they store, and revert in
/// static and delegate calls.
interface IAgents {
	/// @notice An agent was registered.
	event Registered(uint32 indexed agent, address indexed owner, bytes32 card);
	/// @notice A skill was listed.
	event SkillListed(uint32 indexed agent, uint32 indexed skill, bytes32 card, uint256 price);
	/// @notice A skill was called and paid.
	event SkillCalled(uint64 indexed call, uint32 indexed agent, uint32 indexed skill, address caller, bytes32 input);
	/// @notice A skill was taken off the list.
	event SkillUnlisted(uint32 indexed agent, uint32 indexed skill);
	/// @notice An agent has another card.
	event CardSet(uint32 indexed agent, bytes32 card);
	/// @notice An agent takes calls, or takes none.
	event ActiveSet(uint32 indexed agent, bool active);
	/// @notice An agent has another owner.
	event Transferred(uint32 indexed agent, address indexed owner);
	/// @notice An owner took money out of a wallet.
	event Withdrawn(uint32 indexed agent, address indexed to, uint256 amount);
	/// @notice An agent is no more; somebody got what its wallet held.
	event Deregistered(uint32 indexed agent, address indexed to, uint256 amount);

	/// @notice Registers an agent that the caller owns.
	/// @param card BLAKE2b-256 of the agent card.
	function register(bytes32 card) external returns (uint32 agent);

	/// @notice Lists a skill; only the owner may.
	/// @param card BLAKE2b-256 of the skill's description.
	function listSkill(uint32 agent, bytes32 card, uint256 price) external returns (uint32 skill);

	/// @notice Pays for a call. With value, the skill is paid out of it, and what is left goes back
	/// to the caller at once, without running its code; without value, the caller's balance pays.
	/// @param maximum Reverts if the price is above it, or above the value that was sent.
	/// @param input BLAKE2b-256 of the input blob.
	function callSkill(uint32 agent, uint32 skill, uint256 maximum, bytes32 input)
		external
		payable
		returns (uint64 call);

	/// @notice Takes money out of an agent's wallet; only the owner may.
	function withdraw(uint32 agent, address to, uint256 amount) external;

	/// @notice A registered agent.
	function agentOf(uint32 agent) external view returns (address owner, address wallet, bytes32 card, bool active);

	/// @notice The account that holds an agent's money.
	function wallet(uint32 agent) external view returns (address account);

	/// @notice Hash of the description of a listed skill, and what a call costs.
	function skillOf(uint32 agent, uint32 skill) external view returns (bytes32 card, uint256 price);
}
