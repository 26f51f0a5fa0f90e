// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Proof of Attribution: who is paid for an answer, and how much.
/// @notice At 0x000000000000000000000000000000000A040000. Amounts are in wei. Calls that change
/// something act for the caller, hold a deposit of its balance for what they store, and revert in
/// static and delegate calls.
interface IAttribution {
	// Where a receipt stands: no committee yet, it commits, it reveals; contributors are paid by
	// influence; they are paid by the prior; the committee agrees and can be challenged; the tokens
	// cannot have come from the model, or the operator miscounted them, and the payer has its money
	// back; the operator withholds the prompt or the answer, and contributors are paid by the prior.
	enum Phase {
		Waiting,
		Commit,
		Reveal,
		Scored,
		Prior,
		Review,
		Void,
		Withheld
	}

	// What a part of a fee is for.
	enum Role {
		Curator,
		Developer,
		Operator,
		Scorer,
		Stakers,
		Protocol,
		Panels
	}

	// How the influence of rows is measured: by adapters that are trained without some of them, or by
	// gradients.
	enum Method {
		Counterfactual,
		Gradient
	}

	// Why a panel looks again: the committee disagrees, or found what nobody should be paid for; chance
	// drew it; somebody put up a bond.
	enum Doubt {
		Disagreement,
		Audit,
		Challenge
	}

	// What a payer signs before an answer is made. An Ethereum wallet signs it as typed data (EIP-712)
	// under the domain of name `OpenLedger`, version `1`, this chain's id and this contract; accounts
	// are the 32 bytes of the native chain, those of an address are followed by twelve of 0xee.
	struct Request {
		bytes32 genesis;
		bytes32 payer;
		bytes32 operator;
		uint32 model;
		bytes32 adapter;
		bytes32 prompt;
		uint256 maximum;
		uint64 nonce;
		uint32 expiry;
	}

	// What a payer signs for many answers at once, as typed data under the same domain: all that it owes
	// an operator since their channel was opened, for answers of this model version and adapter up to
	// the nonce of the last request.
	struct Voucher {
		bytes32 genesis;
		bytes32 payer;
		bytes32 operator;
		uint32 model;
		bytes32 adapter;
		uint256 cumulative;
		uint64 nonce;
		uint32 expiry;
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
	/// @notice The tokens of an answer cannot have come from its model, or the operator miscounted
	/// them: the payer has the contributors' and the operator's part back.
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
	/// @notice A panel's member was paid.
	event PanelPaid(bytes32 indexed work, address indexed account, uint256 amount);
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
	/// @notice No committee agreed, or it could not have the batch: the prior pays. Or the operator
	/// miscounted tokens: the payers have their money back when the batch is closed.
	event BatchUnscored(uint64 indexed batch);
	/// @notice Answers of a batch are paid for with a period.
	event PagePosted(uint64 indexed batch, uint16 page, uint32 period, uint32 answers, uint256 amount);
	/// @notice A batch has ended: what went to the accepted rows by the prior, and back to payers.
	event BatchClosed(uint64 indexed batch, uint256 rest, uint256 refunded);

	/// @notice Governance set the parameters.
	/// @param parameters All of them, as SCALE bytes.
	event ParametersSet(bytes parameters);
	/// @notice Governance paused receipts, or let them go on.
	event PausedSet(bool paused);
	/// @notice A scorer took its bond back.
	event BondWithdrawn(address indexed scorer, uint256 bond);
	/// @notice The data of a run is frozen.
	/// @param blocks Of rows, of which each is paid by its influence.
	/// @param adapters Counterfactual adapters, or columns of features.
	event DesignOpened(uint32 indexed model, uint32 blocks, Method method, uint16 adapters);
	/// @notice The subsets of a run were drawn by a seed.
	event SeedDrawn(uint32 indexed model, bytes32 seed);
	/// @notice The adapters of a run were registered, and the matrix that answers are scored with is
	/// right.
	event DesignClosed(uint32 indexed model);
	/// @notice A run was given up when its subsets were drawn, and a part of its bond is panels'.
	event DesignGivenUp(uint32 indexed model, address indexed account, uint256 amount);
	/// @notice A committee or a panel was drawn. `work` is what it is in `Challenged`.
	/// @param attempt How often seats were drawn for this work before.
	/// @param scorers Who was drawn, in the order of the seats.
	event CommitteeDrawn(bytes32 indexed work, uint8 attempt, bool panel, address[] scorers);
	/// @notice A seat committed to what it found. Seats are counted from 0 on through committee and
	/// panel.
	event Committed(bytes32 indexed work, uint8 attempt, uint8 seat);
	/// @notice A seat revealed what it found.
	event Revealed(bytes32 indexed work, uint8 attempt, uint8 seat);
	/// @notice A committee agrees, and what it found can be challenged up to the block `until`.
	event Agreed(bytes32 indexed work, uint32 until);
	/// @notice A panel is to look again.
	event PanelAsked(bytes32 indexed work, Doubt doubt);
	/// @notice No committee could say whether the adapters of a model version reproduce.
	event Untested(uint32 indexed model);
	/// @notice A receipt was removed from the state.
	event ReceiptPruned(bytes32 indexed receipt);
	/// @notice The answers of a batch that are scored were drawn by a seed.
	event SampleDrawn(uint64 indexed batch, bytes32 seed);
	/// @notice A model version goes, and what an account owed with it, but for what was `taken` of what
	/// the account had at risk.
	event DebtForgotten(uint32 indexed model, address indexed account, uint256 debt, uint256 taken);
	/// @notice Beside `Settled`: what of the rest of a settled period netting and rounding alone left.
	event Netted(uint32 indexed model, uint32 indexed period, uint256 amount);

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

	/// @notice Puts the caller's bond up against what the committee of a receipt agrees on: a panel
	/// looks again. Reverts unless the receipt is in review.
	/// @return bond What is lost if the panel finds the same.
	function challenge(bytes32 id) external returns (uint256 bond);

	/// @notice Puts the caller's bond up that adapters of an active model version do not reproduce: a
	/// panel trains drawn ones again.
	/// @return bond What is lost if they reproduce.
	function challengeVersion(uint32 model) external returns (uint256 bond);

	/// @notice The same for up to eight adapters by their numbers: 0 is the published one, the
	/// counterfactual ones follow in their order.
	/// @return bond What is lost if they reproduce.
	function challengeAdapters(uint32 model, uint16[] calldata adapters)
		external
		returns (uint256 bond);

	/// @notice Whether answers of a model version are paid for.
	function isActive(uint32 model) external view returns (bool active);

	/// @notice The present settlement period.
	function currentPeriod() external view returns (uint32 period);

	/// @notice What a model version has to settle of a period: the contributors' parts of all fees, and
	/// how many answers were scored. Zeros when there is nothing, or when it is settled.
	function unsettled(uint32 model, uint32 period) external view returns (uint256 total, uint32 answers);

	// Spans: which of an answer stand in a Datanet, proved against the index that is registered for a
	// published version. Its text is that of the version's rows, a token for each byte, and whose row a
	// span is in `IDatanets.rowOf` says. Proofs are SCALE bytes, which `openledger spans prove` writes;
	// one that does not hold reverts. Until the window for challenges is over, and while a leaf of it is
	// demanded, an index is provisional.

	/// @notice An index was registered; it is final from a block on.
	event SpansRegistered(
		uint32 indexed datanet,
		uint32 indexed version,
		address indexed registrant,
		uint64 tokens,
		bytes32 textRoot,
		bytes32 suffixRoot,
		uint32 finalAt
	);
	/// @notice An index had a fault and is gone; the challenger has a part of its bond.
	event SpansRefuted(
		uint32 indexed datanet,
		uint32 indexed version,
		address indexed challenger,
		address registrant,
		uint256 reward
	);
	/// @notice The end of an index was announced; it may be removed from a block on.
	event SpansRetired(uint32 indexed datanet, uint32 indexed version, uint32 freeAt);
	/// @notice An index was removed, and its registrant has its bond back.
	event SpansRemoved(uint32 indexed datanet, uint32 indexed version);

	/// @notice A leaf of an index is to be shown up to a block, or the index falls.
	event SpanDemanded(
		uint32 indexed datanet,
		uint32 indexed version,
		address indexed account,
		bool inText,
		uint64 place,
		uint32 until
	);
	/// @notice An account showed a leaf that was demanded, and has the stake.
	event SpanShown(
		uint32 indexed datanet, uint32 indexed version, address indexed account, bool inText, uint64 place
	);
	/// @notice A demand of an account is over without the leaf, and its stake returned.
	event SpanDemandEnded(
		uint32 indexed datanet, uint32 indexed version, address indexed account, bool inText, uint64 place
	);

	/// @notice The index of a version; reverts when it has none.
	/// @return registrant Who answers for it.
	/// @return tokens Of its text, one separator for each row counted.
	/// @return textRoot Merkle root over the text.
	/// @return suffixRoot Merkle root over the suffix array.
	/// @return isFinal Whether the index is final.
	function spanIndex(uint32 datanet, uint32 version)
		external
		view
		returns (address registrant, uint64 tokens, bytes32 textRoot, bytes32 suffixRoot, bool isFinal);

	/// @notice The longest beginning of a query that stands in the text, and where.
	/// @param query 1 to 64 tokens: of an answer, from a place on, as many as there are.
	/// @return length Tokens of the match; 64 means at least that, 0 that not even the first stands
	/// anywhere.
	/// @return position Of the match in the text; 0 without one.
	/// @return row Of the version that the match is in; 0 without one.
	/// @return isFinal Whether the index is final.
	function verifySpan(uint32 datanet, uint32 version, uint16[] calldata query, bytes calldata proof)
		external
		view
		returns (uint32 length, uint64 position, uint64 row, bool isFinal);

	/// @notice How often a span of 1 to 64 tokens stands in the text.
	/// @return count Places, overlapping ones counted each.
	/// @return first Rank of the first of them in the suffix array; the others follow it.
	/// @return isFinal Whether the index is final.
	function verifyCount(uint32 datanet, uint32 version, uint16[] calldata span, bytes calldata proof)
		external
		view
		returns (uint64 count, uint64 first, bool isFinal);

	/// @notice One of the places that a span of 1 to 64 tokens stands at, for example at a rank that
	/// was drawn.
	/// @return rank In the suffix array.
	/// @return position In the text.
	/// @return row Of the version.
	/// @return isFinal Whether the index is final.
	function verifyOccurrence(uint32 datanet, uint32 version, uint16[] calldata span, bytes calldata proof)
		external
		view
		returns (uint64 rank, uint64 position, uint64 row, bool isFinal);

	/// @notice Registers the index of a published version that has none, and holds a bond of the
	/// caller's balance. Its text has a token for each byte of the version and one for each row.
	/// @return finalAt The block from which on it is final.
	function registerSpans(uint32 datanet, uint32 version, uint64 tokens, bytes32 textRoot, bytes32 suffixRoot)
		external
		returns (uint32 finalAt);

	/// @notice Shows a fault of an index, in itself or against the rows of the version: it goes at
	/// once, and the caller gets a part of its bond.
	/// @return reward That part.
	function challengeSpans(uint32 datanet, uint32 version, bytes calldata fraud)
		external
		returns (uint256 reward);

	/// @notice Announces that the caller's index ends; it answers and can be challenged until it is
	/// removed.
	/// @return freeAt The block from which on it may be.
	function retireSpans(uint32 datanet, uint32 version) external returns (uint32 freeAt);

	/// @notice Removes a retired index after its delay, whoever calls; its registrant has its bond
	/// back.
	function removeSpans(uint32 datanet, uint32 version) external;

	/// @notice Demands that a leaf of an index be shown, or the index falls. Holds a stake of the
	/// caller's balance, which goes to whoever shows the leaf.
	/// @param inText Whether the leaf is one of the text; else it is one of the suffix array.
	/// @param place Where it stands: the number of the chunk, or the slot, which is the rank and 1.
	/// @return until The last block in which it may be shown.
	function demandSpan(uint32 datanet, uint32 version, bool inText, uint64 place)
		external
		returns (uint32 until);

	/// @notice Shows a leaf that is demanded, whoever calls, for the stake.
	/// @param shown SCALE bytes.
	function showSpan(uint32 datanet, uint32 version, bytes calldata shown) external;

	/// @notice Ends a demand that was not met in time, whoever calls: the index falls as if it had a
	/// fault that whoever demanded the leaf had shown. One of an index that is gone ends at any time.
	function endSpanDemand(uint32 datanet, uint32 version, bool inText, uint64 place) external;
}
