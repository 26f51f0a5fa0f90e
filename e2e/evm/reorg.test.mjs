// Two validators of one chain author forks without knowing of each other, each with Ethereum
// transactions; then they meet, and one fork is lost. Whoever listened to that node is told, and
// what was only in the lost fork comes again.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as viem from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { freePort, peerId, rawChain, startNode } from '../node.mjs';
import { ALITH, BALTATHAR, CHAIN_ID, rpc } from './chain.mjs';
import { Seen, Socket } from './socket.mjs';

/** $OPEN as an ERC-20 token: its transfers make logs, and it is there from genesis. */
const TOKEN = '0x000000000000000000000000000000000a050000';
const TRANSFER = viem.parseAbi(['function transfer(address to, uint256 value) returns (bool)']);
const GWEI = 10n ** 9n;
const BOB = '0x0000000000000000000000000000000000000b0b';

/** Senders: one on both forks, one on each alone. */
const SENDERS = {
	both: privateKeyToAccount(ALITH),
	alice: privateKeyToAccount(BALTATHAR),
	bob: mnemonicToAccount('test test test test test test test test test test test junk'),
};

/** A signed transfer of the token: the same bytes wherever it is sent. */
const transfer = (sender, value) =>
	sender.signTransaction({
		...{ chainId: CHAIN_ID, type: 'eip1559', nonce: 0, gas: 500_000n, to: TOKEN },
		...{ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 0n },
		data: viem.encodeFunctionData({ abi: TRANSFER, functionName: 'transfer', args: [BOB, value] }),
	});

/** What identifies a log. */
const place = ({ blockHash, transactionHash, logIndex }) =>
	`${blockHash} ${transactionHash} ${logIndex}`;

/** A validator alone with its fork, and all that a client hears of it. */
class Fork {
	constructor(name, index) {
		this.name = name;
		this.nodeKey = `${index}`.padStart(64, '0');
		this.heads = new Seen();
		this.logs = new Seen();
	}

	async start(chain) {
		this.port = await freePort();
		this.node = await startNode({
			...{ name: this.name, nodeKey: this.nodeKey, port: this.port },
			// Alone it would wait for peers.
			args: ['--chain', chain, `--${this.name}`, '--force-authoring', '--reserved-only'],
		});
		this.http = this.node.http;
		this.address = `/ip4/127.0.0.1/tcp/${this.port}/p2p/${peerId(this.nodeKey)}`;
		this.socket = await Socket.open(this.node.ws);
		await this.socket.subscribe(['newHeads'], this.heads.take);
		await this.socket.subscribe(['logs', { address: TOKEN }], this.logs.take);
		this.logFilter = await this.rpc('eth_newFilter', { address: TOKEN });
		this.blockFilter = await this.rpc('eth_newBlockFilter');
	}

	rpc(method, ...params) {
		return rpc(this, method, params);
	}

	/** The receipt of a transaction, once it is in a block. */
	included(hash) {
		const receipt = () => this.rpc('eth_getTransactionReceipt', hash);
		return this.heads.until(receipt, `${hash} being in a block of ${this.name}`);
	}

	async stop() {
		await this.socket?.close();
		await this.node?.stop();
	}
}

describe('a fork that is lost', { concurrency: false }, () => {
	const forks = [new Fork('alice', 1), new Fork('bob', 2)];
	/** Raw transactions, and the hash of each, by sender. */
	const raw = {};
	const hashes = {};
	let loser;
	let winner;
	/** What each node said of its fork before they met. */
	let lost;
	let kept;

	before(async () => {
		const chain = rawChain('local');
		await Promise.all(forks.map((fork) => fork.start(chain)));
		for (const [i, [name, sender]] of Object.entries(SENDERS).entries()) {
			raw[name] = await transfer(sender, BigInt(i + 1) * GWEI);
			hashes[name] = viem.keccak256(raw[name]);
		}
		const before = await Promise.all(
			forks.map(async (fork) => {
				for (const name of ['both', fork.name]) {
					await fork.rpc('eth_sendRawTransaction', raw[name]);
				}
				const receipts = [await fork.included(hashes.both), await fork.included(hashes[fork.name])];
				const blockHash = receipts[1].blockHash;
				return {
					receipts,
					block: await fork.rpc('eth_getBlockByHash', blockHash, true),
					first: await fork.rpc('eth_getBlockByNumber', '0x1', false),
					heads: [...fork.heads.all],
					logs: await fork.rpc('eth_getFilterChanges', fork.logFilter),
					blocks: await fork.rpc('eth_getFilterChanges', fork.blockFilter),
					finalized: await fork.rpc('eth_getBlockByNumber', 'finalized', false),
				};
			}),
		);
		for (const [i, { receipts, logs, finalized }] of before.entries()) {
			const { name } = forks[i];
			assert.deepEqual(logs.map(place), receipts.flatMap((one) => one.logs.map(place)), name);
			assert.deepEqual(receipts.map(({ status }) => status), ['0x1', '0x1'], name);
			assert.equal(logs.length, 2, name);
			assert.equal(finalized.number, '0x0', 'nothing is final, so that a fork can be lost');
		}
		assert.notEqual(before[0].first.hash, before[1].first.hash);

		// They meet.
		await Promise.all(
			forks.map((fork, i) => fork.rpc('system_addReservedPeer', forks[1 - i].address)),
		);
		const first = () =>
			Promise.all(forks.map((fork) => fork.rpc('eth_getBlockByNumber', '0x1', false)));
		const agreed = async () => {
			const [one, other] = await first();
			return one.hash === other.hash && one.hash;
		};
		const hash = await Promise.any(
			forks.map((fork) => fork.heads.until(agreed, 'both nodes having one chain')),
		);
		const index = before.findIndex((fork) => fork.first.hash !== hash);
		loser = forks[index];
		winner = forks[1 - index];
		lost = before[index];
		kept = before[1 - index];
		assert.equal(kept.first.hash, hash, 'one of the forks is the chain');
	});
	after(() => Promise.all(forks.map((fork) => fork.stop())));

	/** Fails unless each head goes on from one that was told before: nothing is left out. */
	function linked(heads) {
		const told = new Set([heads[0].hash]);
		for (const { number, hash, parentHash } of heads.slice(1)) {
			assert.ok(told.has(parentHash), `the parent of head ${Number(number)} was told`);
			told.add(hash);
		}
	}
	/** A transaction's receipt, once both nodes have the same. (Now and then both make a block.) */
	const settled = (hash) =>
		loser.heads.until(async () => {
			const [ours, theirs] = await Promise.all(
				[loser, winner].map((fork) => fork.rpc('eth_getTransactionReceipt', hash)),
			);
			return ours?.blockHash === theirs?.blockHash && ours && [ours, theirs];
		}, `both nodes having ${hash} in one block`);

	test('heads_should_follow_the_winning_fork_when_the_other_is_lost', async () => {
		const wanted = kept.heads.map(({ hash }) => hash);
		// The other node may have heard of it first.
		const later = await loser.heads.until((all) => {
			const since = all.slice(lost.heads.length);
			return since.some(({ hash }) => hash === wanted.at(-1)) && since;
		}, 'the heads of the winning fork');
		const turn = later.findIndex(({ hash }) => hash === kept.first.hash);
		assert.ok(turn >= 0, 'the first block of the winning fork is told');
		linked(later.slice(turn));
		const told = later.map(({ hash }) => hash).filter((hash) => wanted.includes(hash));
		assert.deepEqual(told, wanted, 'all of the winning fork, in order');
		linked(winner.heads.all);
	});

	/** Those of the two forks: a transaction of the other may come before its block, and be in one more. */
	const ofForks = (logs) => {
		const known = new Set([...lost.logs, ...kept.logs].map(place));
		return logs.filter((log) => known.has(place(log)));
	};

	test('logs_should_come_again_as_removed_when_their_blocks_are_lost', async () => {
		const told = await loser.logs.until((all) => {
			const some = ofForks(all);
			return some.length >= 2 * lost.logs.length + kept.logs.length && some;
		}, 'the logs of the winning fork');
		const count = lost.logs.length;
		assert.deepEqual(told.slice(0, count), lost.logs);
		// First what is taken back, then what is there instead.
		const gone = told.slice(count, 2 * count);
		assert.deepEqual(gone.map(place).sort(), lost.logs.map(place).sort());
		for (const log of gone) {
			const original = lost.logs.find((one) => place(one) === place(log));
			assert.deepEqual(log, { ...original, removed: true });
		}
		assert.deepEqual(told.slice(2 * count, 2 * count + kept.logs.length), kept.logs);
		// Who listens to the node whose fork won hears of no loss.
		assert.deepEqual(winner.logs.all.slice(0, kept.logs.length), kept.logs);
		const safe = new Set(kept.logs.map(place));
		assert.ok(winner.logs.all.every((log) => !log.removed || !safe.has(place(log))));
	});

	test('filter_should_tell_of_removed_logs_when_their_blocks_are_lost', async () => {
		const changes = ofForks(await loser.rpc('eth_getFilterChanges', loser.logFilter));
		const count = lost.logs.length;
		const gone = changes.slice(0, count);
		assert.ok(gone.every(({ removed }) => removed), 'first what is gone');
		assert.deepEqual(gone.map(place).sort(), lost.logs.map(place).sort());
		assert.deepEqual(changes.slice(count, count + kept.logs.length), kept.logs);

		const blocks = await loser.rpc('eth_getFilterChanges', loser.blockFilter);
		assert.ok(kept.blocks.every((hash) => blocks.includes(hash)), 'all of the winning fork');
	});

	test('winning_fork_should_be_found_by_number_when_the_other_is_lost', async () => {
		const { block } = lost;
		const now = await loser.rpc('eth_getBlockByNumber', block.number, false);
		assert.notEqual(now.hash, block.hash);
		assert.deepEqual(now, await winner.rpc('eth_getBlockByNumber', block.number, false));
		const logs = await loser.rpc('eth_getLogs', { address: TOKEN, fromBlock: '0x0' });
		assert.deepEqual(
			logs,
			await winner.rpc('eth_getLogs', { address: TOKEN, fromBlock: '0x0' }),
		);
		const gone = new Set(lost.logs.map(({ blockHash }) => blockHash));
		assert.ok(logs.length >= 2 && logs.every(({ blockHash }) => !gone.has(blockHash)));
	});

	test('lost_block_should_be_found_by_hash_when_another_has_its_number', async () => {
		const { block } = lost;
		assert.deepEqual(await loser.rpc('eth_getBlockByHash', block.hash, true), block);
		const count = await loser.rpc('eth_getBlockTransactionCountByHash', block.hash);
		assert.equal(Number(count), block.transactions.length);
		const id = { blockHash: block.hash, requireCanonical: true };
		await assert.rejects(
			loser.rpc('eth_getBalance', BOB, id),
			/hash is not currently canonical/,
		);
	});

	test('transaction_of_both_forks_should_move_to_the_winning_one_when_the_other_is_lost', async () => {
		const [receipt] = lost.receipts;
		const [ours, theirs] = await settled(receipt.transactionHash);
		assert.deepEqual(ours, theirs);
		assert.deepEqual(ours, kept.receipts[0]);
		assert.notEqual(ours.blockHash, receipt.blockHash);
	});

	test('transaction_of_the_lost_fork_should_be_included_again_when_it_is_still_valid', async () => {
		const [, receipt] = lost.receipts;
		const hash = receipt.transactionHash;
		const now = await loser.rpc('eth_getTransactionReceipt', hash);
		assert.ok(now === null || now.blockHash !== receipt.blockHash);
		assert.ok(await loser.rpc('eth_getTransactionByHash', hash), 'in the pool or in a block');
		const [again, theirs] = await settled(hash);
		assert.notEqual(again.blockHash, receipt.blockHash);
		assert.equal(again.status, '0x1');
		assert.deepEqual(again, theirs);
	});

	test('nonces_and_balances_should_agree_when_both_nodes_have_one_chain', async () => {
		const [{ blockHash }] = await settled(hashes[loser.name]);
		for (const address of [...Object.values(SENDERS).map((sender) => sender.address), BOB]) {
			for (const method of ['eth_getTransactionCount', 'eth_getBalance']) {
				const [ours, theirs] = await Promise.all(
					[loser, winner].map((fork) => fork.rpc(method, address, { blockHash })),
				);
				assert.equal(ours, theirs, `${method} of ${address}`);
				if (method === 'eth_getTransactionCount' && address !== BOB) assert.equal(ours, '0x1');
			}
		}
		const balance = await loser.rpc('eth_getBalance', BOB, { blockHash });
		assert.equal(BigInt(balance), 6n * GWEI, 'each transfer counts once');
	});
});
