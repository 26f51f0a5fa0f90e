// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title The native token $OPEN as an ERC-20 token.
/// @notice At 0x000000000000000000000000000000000A050000. It holds no money: a balance here is the
/// balance that the chain knows, as `address(x).balance` shows it, and a transfer here is a native
/// transfer that runs no code of the recipient.
///
/// Every existing account keeps an existential deposit that neither its balance here nor its native
/// one shows and that no transfer touches. Whoever signed the transaction pays that deposit for a
/// recipient that does not exist yet, beside the value, so that the recipient's balance is exactly
/// the value. What an account has staked, locked or on deposit is not in its balance either; so the
/// sum of all balances is less than the total supply.
///
/// What is refused reverts with `Error(string)`. The string is the error of ERC-6093, or of
/// OpenZeppelin's ERC20Permit, ECDSA and ERC3009, with its arguments, for example
/// `ERC20InsufficientBalance(0x…, 5, 10)`; here a precompile cannot revert with other data.
///
/// All functions revert in delegate calls. Those that change something act for the caller or for
/// who signed, and revert in static calls. What they store holds a deposit, which is part of the gas;
/// when an allowance becomes zero, its deposit goes to whoever signed that transaction.
interface IOpen {
	/// @notice Money moved: by this precompile, or by a native transaction or a hook of the chain. There
	/// what is held or released goes to and from this address, what is minted or burned from and to
	/// zero, and fees do not log. The value of an Ethereum transaction or call does not log either.
	event Transfer(address indexed from, address indexed to, uint256 value);
	/// @notice An owner set an allowance; what a spender takes out of it is not logged here.
	event Approval(address indexed owner, address indexed spender, uint256 value);
	/// @notice An authorization was used.
	event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);
	/// @notice An authorization will never be used.
	event AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce);

	/// @notice "OpenLedger".
	function name() external view returns (string memory);

	/// @notice "OPEN".
	function symbol() external view returns (string memory);

	/// @notice 18: amounts are in wei.
	function decimals() external view returns (uint8);

	/// @notice All money there is.
	function totalSupply() external view returns (uint256);

	/// @notice What an account can spend.
	function balanceOf(address account) external view returns (uint256);

	/// @notice What a spender may take from an owner.
	function allowance(address owner, address spender) external view returns (uint256);

	/// @notice Pays out of the caller's balance. The zero address and this one are no recipients.
	function transfer(address to, uint256 value) external returns (bool);

	/// @notice Sets, and never adds to, what a spender may take from the caller.
	/// @param value 2^256 - 1 is without end: taking from it leaves it as it is.
	function approve(address spender, uint256 value) external returns (bool);

	/// @notice Pays out of an owner's balance as the owner's allowance to the caller permits.
	function transferFrom(address from, address to, uint256 value) external returns (bool);

	/// @notice Sets an allowance by the owner's signature, whoever calls (EIP-2612).
	/// @param deadline Second of the last block in which it counts.
	/// @param v 27 or 28.
	/// @param s In the lower half of the order of the curve.
	function permit(address owner, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
		external;

	/// @notice What the next permit of an owner has to sign as its nonce.
	function nonces(address owner) external view returns (uint256);

	/// @notice The hash of the domain that signatures are for (EIP-712).
	function DOMAIN_SEPARATOR() external view returns (bytes32);

	/// @notice The domain that signatures are for: "OpenLedger", version "1", this chain and this
	/// address (EIP-5267).
	function eip712Domain()
		external
		view
		returns (
			bytes1 fields,
			string memory name,
			string memory version,
			uint256 chainId,
			address verifyingContract,
			bytes32 salt,
			uint256[] memory extensions
		);

	/// @notice Pays out of the balance of who signed, whoever calls (EIP-3009).
	/// @param validAfter It counts in blocks whose second is above this,
	/// @param validBefore and below this.
	/// @param nonce Any number that the signer has not used: authorizations have no order.
	function transferWithAuthorization(
		address from,
		address to,
		uint256 value,
		uint256 validAfter,
		uint256 validBefore,
		bytes32 nonce,
		uint8 v,
		bytes32 r,
		bytes32 s
	) external;

	/// @notice The same, but only the recipient may call: nobody can use the signature in front of
	/// a contract that acts on what it receives (EIP-3009).
	function receiveWithAuthorization(
		address from,
		address to,
		uint256 value,
		uint256 validAfter,
		uint256 validBefore,
		bytes32 nonce,
		uint8 v,
		bytes32 r,
		bytes32 s
	) external;

	/// @notice Makes an authorization useless by the signature of its signer, whoever calls.
	function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external;

	/// @notice Whether an authorization was used or cancelled.
	function authorizationState(address authorizer, bytes32 nonce) external view returns (bool);
}
