// What the node knows of Ethereum's blocks outlives its end, the loss of its index, and the states
// and bodies that it prunes.

import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as viem from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { development, startNode, temporaryFolder } from '../node.mjs';
import { ALITH, ask, CHAIN_ID, PATIENCE, rpc } from './chain.mjs';

const GWEI = 10n ** 9n;
const TOKEN = '0x000000000000000000000000000000000a050000';
const BOB = '0x0000000000000000000000000000000000000b0b';
const TRANSFER = viem.parseAbi(['function transfer(address to, uint256 value) returns (bool)']);
/** Blocks whose states the node keeps. */
const PRUNING = 32;
const LATER_BLOCKS = 100;

describe('a node that ends', { concurrency: false }, () => {
	const alith = privateKeyToAccount(ALITH);
	const basePath = temporaryFolder('restart');
	const runtimes = temporaryFolder('runtimes');
	const chain = { name: 'openledger' };
	let node;
	let hash;
	let known;

	/** Runtimes that the node has compiled, by their names in its cache. */
	const compiled = () =>
		readdirSync(runtimes, { recursive: true }).filter((name) => /[/][\w-]{43}$/.test(name));
	const start = async () => {
		node = await startNode({
			args: development(
				...['--sealing', 'manual', '--state-pruning', `${PRUNING}`],
			),
			basePath,
		});
		chain.http = node.http;
	};
	const receipt = () => rpc(chain, 'eth_getTransactionReceipt', [hash]);
	/** All that can be asked of the block with the transfer. */
	const answers = async () => {
		const found = await receipt();
		const { blockHash, blockNumber } = found;
		const asked = [
			['eth_getBlockByHash', blockHash, true],
			['eth_getBlockByNumber', blockNumber, true],
			['eth_getTransactionByHash', hash],
			['eth_getBlockReceipts', blockNumber],
			['eth_getLogs', { fromBlock: '0x0', toBlock: blockNumber, address: TOKEN }],
			['eth_getLogs', { blockHash }],
			['eth_getRawTransactionByHash', hash],
		];
		const given = asked.map(([method, ...params]) => rpc(chain, method, params));
		return [found, ...(await Promise.all(given))];
	};
	/** Waits until the node has filled its index as far as the transfer, which nothing announces. */
	const filled = async () => {
		const end = performance.now() + PATIENCE;
		while (!(await receipt())) {
			assert.ok(performance.now() < end, 'the index is filled again in time');
		}
	};

	before(async () => {
		process.env.OPENLEDGER_RUNTIME_CACHE = runtimes;
		await start();
		hash = await rpc(chain, 'eth_sendRawTransaction', [
			await alith.signTransaction({
				...{ chainId: CHAIN_ID, type: 'eip1559', nonce: 0, gas: 500_000n, to: TOKEN },
				...{ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: GWEI },
				data: viem.encodeFunctionData({
					...{ abi: TRANSFER, functionName: 'transfer', args: [BOB, GWEI] },
				}),
			}),
		]);
		await rpc(chain, 'evm_mine', [{ blocks: 3 }]);
		known = await answers();
		const [found, , , , , logs] = known;
		assert.equal(found.status, '0x1');
		assert.equal(logs.length, 1);
	});
	after(() => node?.stop());

	test('answers_should_be_the_same_when_the_node_is_started_again', async () => {
		const kept = compiled();
		assert.ok(kept.length > 0);
		await node.stop();
		await start();
		assert.deepEqual(await answers(), known);
		assert.deepEqual(compiled(), kept);
	});

	test('answers_should_be_the_same_when_the_index_was_lost', async () => {
		await node.stop();
		const [name] = readdirSync(join(basePath, 'chains'));
		rmSync(join(basePath, 'chains', name, 'eth-index'), { recursive: true });
		await start();
		await filled();
		assert.deepEqual(await answers(), known);
	});

	test('answers_should_be_the_same_when_the_state_is_pruned', async () => {
		await rpc(chain, 'evm_mine', [{ blocks: LATER_BLOCKS }]);
		const [{ blockNumber }] = known;
		const { error } = await ask(chain, 'eth_getBalance', [BOB, blockNumber]);
		assert.match(error.message, /state of block \d+ is not available/);
		assert.deepEqual(await answers(), known);
		await node.stop();
		await start();
		assert.deepEqual(await answers(), known);
	});
});
