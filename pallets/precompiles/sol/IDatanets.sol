// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// @title Communities' datasets: sourced, curated, licensed.
/// @notice At 0x000000000000000000000000000000000a010000. Amounts are in wei. Calls that change
/// something act for the caller, hold a deposit of its balance for what they store, and revert in
/// static and delegate calls.
/// Rights are bits: 1 train, 2 fine-tune, 4 retrieve, 8 evaluate, 16 commercial, 32 derive.
interface IDatanets {
	/// @notice A Datanet was created.
	event Created(uint32 indexed id, address indexed owner);
	/// @notice Rows were contributed.
	event Contributed(uint32 indexed id, uint32 indexed batch, address indexed contributor, uint32 rows);
	/// @notice A licence was bought or renewed.
	event LicenceBought(uint32 indexed id, address indexed account, uint16 rights);
	/// @notice A contributor was paid.
	event Claimed(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice Other terms hold for licences bought from now on.
	event TermsSet(uint32 indexed id, uint16 rights, uint256 price, uint32 period, uint16 curatorCut);
	/// @notice Who contributes from now on must have so much at risk.
	event AtRiskSet(uint32 indexed id, uint256 amount);
	/// @notice Somebody else curates.
	event CuratorSet(uint32 indexed id, address indexed curator);
	/// @notice A batch was accepted, or rejected and removed.
	event Reviewed(uint32 indexed id, uint32 indexed batch, bool accepted);
	/// @notice A row left its batch, withdrawn or for who had announced it before; versions that have
	/// it are stale.
	event RowWithdrawn(uint32 indexed id, bytes32 indexed row);
	/// @notice A row was shown to stand in earlier ones, or demanded in vain, and is void; versions that
	/// have it are stale.
	event RowVoided(uint32 indexed id, bytes32 indexed row, address indexed exhibitor, uint256 bounty);
	/// @notice A version was published, in so many contributors' blocks.
	event Published(uint32 indexed id, uint32 indexed version, bytes32 root, uint32 blocks);
	/// @notice The Datanet takes nothing new.
	event Closed(uint32 indexed id);
	/// @notice An account put at risk what the terms want: so much in all.
	event PutAtRisk(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice What an account had at risk returned.
	event RiskReleased(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice An account's rows made answers worse: the protocol got what it had at risk.
	event Seized(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice What the group of a version's block had earned was divided among its members, who may
	/// claim it.
	event Distributed(uint32 indexed id, uint32 indexed version, uint16 blockIndex, uint256 amount);
	/// @notice A contributor bought a block of its own in versions to come, for so much to the accepted
	/// rows.
	event BlockBought(uint32 indexed id, address indexed account, uint256 price);
	/// @notice A contributor gave its block up: it is in a group in versions to come.
	event BlockLeft(uint32 indexed id, address indexed account);
	/// @notice An account announced a batch or an exhibit, by a hash over that and its Datanet.
	event Announced(address indexed account, bytes32 indexed commitment);
	/// @notice An announcement was retracted.
	event Retracted(address indexed account, bytes32 indexed commitment);
	/// @notice The bond of a withdrawn row returned.
	event BondReleased(uint32 indexed id, bytes32 indexed row);
	/// @notice A batch is committed to again: `root` is over the rows that are left of it.
	event Recommitted(uint32 indexed id, uint32 indexed batch, bytes32 root);
	/// @notice A version was removed.
	event VersionRemoved(uint32 indexed id, uint32 indexed version);
	/// @notice A licence was removed.
	event LicenceRemoved(uint32 indexed id, address indexed account);
	/// @notice An account that does not exist was to get less than it can exist with, and may claim it.
	event Credited(uint32 indexed id, address indexed account, uint256 amount);
	/// @notice The accepted rows were given money, which their contributors may claim.
	event RowsRewarded(uint32 indexed id, uint256 amount);
	/// @notice A row is to be shown on chain until a block, or it is void.
	event RowDemanded(uint32 indexed id, bytes32 indexed row, address indexed account, uint32 until);
	/// @notice A row that was demanded was shown, by who has the stake now.
	event RowShown(uint32 indexed id, bytes32 indexed row, address indexed account);
	/// @notice A demand is over without the row, and its stake returned.
	event RowDemandEnded(uint32 indexed id, bytes32 indexed row, address indexed account);

	/// @notice Creates a Datanet that the caller owns and curates. Until `setAtRisk` it wants nothing at
	/// risk of who contributes, and rows that make answers worse cost their contributors nothing.
	/// @param name 1 to 64 bytes.
	/// @param rights What licences may allow.
	/// @param price Of a licence.
	/// @param period Blocks after which a licence expires; zero for never.
	/// @param curatorCut The curator's part of what contributors earn, in basis points; at most 1,000.
	function create(string calldata name, uint16 rights, uint256 price, uint32 period, uint16 curatorCut)
		external
		returns (uint32 id);

	/// @notice Appoints another curator; only the owner may.
	function setCurator(uint32 id, address curator) external;

	/// @notice Sets what who contributes from now on must have at risk; only the owner may.
	/// @param amount What pays for a contributor's rows that make answers worse, such as a licence's price.
	function setAtRisk(uint32 id, uint256 amount) external;

	/// @notice Contributes at most 256 rows, whose content stays off chain. A bond is held for each
	/// beside the deposit, and lost if the row is shown to stand in earlier ones. Reverts if the caller
	/// has less at risk than the terms want.
	/// @param hashes BLAKE2b-256 of each row.
	/// @param lengths Bytes of each row, at most 65,536.
	function contribute(uint32 id, bytes32[] calldata hashes, uint32[] calldata lengths)
		external
		returns (uint32 batch);

	/// @notice Buys or renews a licence, paid from the caller's balance.
	/// @param maximum Reverts if the price is above it.
	function buyLicence(uint32 id, uint16 rights, uint256 maximum) external;

	/// @notice Whether an account owns the Datanet or holds an unexpired licence with these rights.
	function isLicensed(uint32 id, address account, uint16 rights) external view returns (bool licensed);

	/// @notice Owner, curator and the terms of licences.
	function terms(uint32 id)
		external
		view
		returns (address owner, address curator, uint16 rights, uint256 price, uint32 period, uint16 curatorCut);

	/// @notice Merkle root of a published version, and whether rows were withdrawn after it.
	function version(uint32 id, uint32 number) external view returns (bytes32 root, bool stale);

	/// @notice A row of a published version, such as one that a span stands in: where it is and whose.
	/// @param row Counted batch by batch and in a batch by rising hash, from 0 on.
	/// @return batch The batch.
	/// @return index Which row of the batch.
	/// @return blockIndex The block of the version: a contributor's, or a group's.
	/// @return owner Who contributed it.
	function rowOf(uint32 id, uint32 number, uint64 row)
		external
		view
		returns (uint32 batch, uint32 index, uint16 blockIndex, address owner);

	/// @notice What a contributor may claim.
	function claimable(uint32 id, address account) external view returns (uint256 amount);

	/// @notice Pays a contributor, whoever calls.
	function claim(uint32 id, address account) external returns (uint256 amount);

	/// @notice Puts at risk what the terms want beyond what the caller has. It pays for what the
	/// caller's rows make worse.
	/// @param maximum Reverts if the terms want more.
	/// @return amount All that the caller has at risk.
	function putAtRisk(uint32 id, uint256 maximum) external returns (uint256 amount);

	/// @notice Returns what an account has at risk, if none of its batches stand and no version has rows
	/// of it; only the account or the owner of the Datanet may.
	function releaseAtRisk(uint32 id, address account) external returns (uint256 amount);

	/// @notice What the terms want at risk of who contributes, and what an account has.
	function atRisk(uint32 id, address account) external view returns (uint256 wanted, uint256 amount);

	/// @notice Divides what the group of a block has earned among its members, by the bytes that are
	/// left of their rows, whoever calls; they may claim it. Reverts if a contributor has the block for
	/// itself, or if nothing was earned since.
	/// @param number The version.
	/// @param blockIndex The block, as `rowOf` says it.
	/// @return amount What was divided.
	function distribute(uint32 id, uint32 number, uint16 blockIndex) external returns (uint256 amount);

	/// @notice Buys the caller, who must have accepted rows, a block of its own in versions to come. The
	/// price is paid from its balance to the accepted rows.
	/// @param maximum Reverts if the price is above it.
	/// @return price What was paid.
	function buyBlock(uint32 id, uint256 maximum) external returns (uint256 price);

	/// @notice Gives the caller's block up; the deposit returns, the price does not.
	function leaveBlock(uint32 id) external;
}
