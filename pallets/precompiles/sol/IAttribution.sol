// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Proof of Attribution: who is paid for an answer, and how much.
/// @notice At 0x000000000000000000000000000000000A040000. Amounts are in wei. Calls that change
/// something act for the caller, hold a deposit of its balance for what they store, and revert in
/// static and delegate calls.
interface IAttribution {
	// Where a receipt stands: no committee yet, it commits, it reveals; contributors are paid by
	// influence; they are paid by the prior; the committee agrees and can be challenged; the tokens
	// cannot have come from the model.
	enum Phase {
		Waiting,
		Commit,
		Reveal,
		Scored,
		Prior,
		Review,
		Void
	}

	// What a part of a fee is for.
	enum Role {
		Curator,
		Developer,
		Operator,
		Scorer,
		Stakers,
		Protocol
	}

	/// @notice Money was set aside for an operator's answers.
	event ChannelFunded(address indexed payer, address indexed operator, uint256 amount);
	/// @notice A channel ends.
	event ChannelClosing(address indexed payer, address indexed operator);
	/// @notice A channel has ended.
	event ChannelClosed(address indexed payer, address indexed operator);
	/// @notice Earnings were paid out.
	event Claimed(address indexed account, uint256 amount);
	/// @notice A scorer may be drawn.
	event ScorerBonded(address indexed scorer, uint256 bond);
	/// @notice A scorer is no longer drawn; forced if it missed too many seats.
	event ScorerLeft(address indexed scorer, bool forced);
	/// @notice An answer was paid for.
	event ReceiptSubmitted(
		bytes32 indexed receipt,
		uint32 indexed model,
		address indexed payer,
		address operator,
		uint256 fee
	);
	/// @notice A part of a fee was paid.
	event SharePaid(bytes32 indexed receipt, address indexed account, Role role, uint256 amount);
	/// @notice A committee agreed; the contributors are paid with this period. With `prior` the answer
	/// gained too little to tell them apart.
	event ReceiptScored(bytes32 indexed receipt, uint32 indexed model, uint32 period, bool prior);
	/// @notice No committee agreed: the prior pays.
	event ReceiptUnscored(bytes32 indexed receipt, uint32 period);
	/// @notice A period was settled: the contributors' part of its fees, what was earned by influence,
	/// and what went to the accepted rows by the prior.
	event Settled(uint32 indexed model, uint32 indexed period, uint256 total, uint256 paid, uint256 rest);
	/// @notice A contributor earned by influence.
	event Earned(uint32 indexed model, uint32 indexed period, address indexed account, uint256 amount);
	/// @notice A contributor's rows made answers worse: later earnings pay for all that it owes.
	event Owed(uint32 indexed model, address indexed account, uint256 debt);
	/// @notice The tokens of an answer cannot have come from its model: the payer has the
	/// contributors' part back.
	event ReceiptVoided(bytes32 indexed receipt, uint256 refunded);
	/// @notice Somebody put up a bond against what a committee agrees on. `work` is a receipt, or the
	/// number of a batch, or of a model version whose adapters are to be trained again.
	event Challenged(bytes32 indexed work, address indexed challenger, uint256 bond);
	/// @notice A panel has decided about a challenge.
	event ChallengeEnded(bytes32 indexed work, address indexed challenger, bool won);
	/// @notice Somebody loses a bond for what it did in `work`, from the block `due` on, unless
	/// governance cancels that.
	event SlashDeferred(uint32 indexed id, address indexed account, bytes32 indexed work, uint256 amount, uint32 due);
	/// @notice A slash was taken.
	event Slashed(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice A slash was cancelled.
	event SlashCancelled(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice The adapters of a model version were trained again bit by bit: its answers are paid for.
	event VersionActive(uint32 indexed model);
	/// @notice The adapters of a model version do not reproduce: no more answers are paid for.
	event VersionVoid(uint32 indexed model);
	/// @notice A scorer was paid for training adapters again.
	event TrainerPaid(uint32 indexed model, address indexed account, uint256 amount);
	/// @notice A payer paid for many answers at once, up to this nonce.
	event VoucherRedeemed(uint64 indexed batch, address indexed payer, uint256 amount, uint64 nonce);
	/// @notice Many answers were paid for. `root` is the Merkle root over the items, and names the batch
	/// where shares of its fee are paid.
	event BatchSubmitted(
		uint64 indexed batch,
		uint32 indexed model,
		address indexed operator,
		bytes32 root,
		uint16 count,
		uint256 fee
	);
	/// @notice A committee agreed on what the answers of a batch score: its pages can be posted up to
	/// the block `until`.
	event BatchScored(uint64 indexed batch, bytes32 pages, uint32 until);
	/// @notice No committee agreed: the prior pays.
	event BatchUnscored(uint64 indexed batch);
	/// @notice Answers of a batch are paid for with a period.
	event PagePosted(uint64 indexed batch, uint16 page, uint32 period, uint32 answers, uint256 amount);
	/// @notice A batch has ended: what went to the accepted rows by the prior, and back to payers.
	event BatchClosed(uint64 indexed batch, uint256 rest, uint256 refunded);

	/// @notice The exact scores that the chain computes from a vector of log-probabilities.
	/// @param y 2^16 to the nat: base model, published adapter, counterfactual adapters.
	/// @return accounts Owner of each block of rows.
	/// @return values Of each block, 2^36 to the nat.
	function scores(uint32 model, int32[] calldata y)
		external
		view
		returns (address[] memory accounts, int256[] memory values);

	/// @notice A receipt by the id of its request; reverts when it is unknown or pruned.
	function receipt(bytes32 id)
		external
		view
		returns (address payer, address operator, uint32 model, uint256 fee, Phase phase);

	/// @notice What a scored answer earns each block of rows, signed, and its standard error.
	/// Reverts when the receipt is unknown, pruned or not scored.
	function answerItems(bytes32 id)
		external
		view
		returns (address[] memory accounts, int256[] memory amounts, uint256[] memory errors);

	/// @notice What an account may claim.
	function pendingRewards(address account) external view returns (uint256 amount);

	/// @notice Pays an account what it earned, whoever calls.
	function claim(address account) external returns (uint256 amount);

	/// @notice What a payer has left with an operator and the last nonce that was paid; zeros
	/// without a channel.
	function channel(address payer, address operator) external view returns (uint256 balance, uint64 nonce);

	/// @notice Sets money of the caller's balance aside for an operator's answers.
	function fundChannel(address operator, uint256 amount) external;

	/// @notice Announces that the caller's channel ends; it still takes receipts for the notice.
	function closeChannel(address operator) external;

	/// @notice Takes back what a closed channel has left, after its notice.
	function withdrawChannel(address operator) external;
}
