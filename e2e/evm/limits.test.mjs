// Limits against abuse: each can be set by a flag, and says so when it is reached.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as viem from 'viem';
import { ask, openledger, rpc } from './chain.mjs';
import { own } from './contracts.mjs';

const TOKEN = '0x000000000000000000000000000000000a050000';
const TRANSFER = viem.parseAbi(['function transfer(address to, uint256 value) returns (bool)']);
const BOB = '0x0000000000000000000000000000000000000b0b';
const LIMIT = -32005;

describe('a node with limits of its own', { concurrency: false }, () => {
	let chain;
	let from;
	let probe;

	before(async () => {
		probe = own('Probe');
		chain = await openledger([
			...['--sealing', 'instant'],
			...['--eth-max-log-blocks', '5', '--eth-max-logs', '2', '--eth-max-fee-history', '3'],
			...['--eth-max-filters', '1', '--eth-max-call-gas', '1000000'],
			...['--eth-max-trace-steps', '10'],
		]);
		[from] = await rpc(chain, 'eth_accounts');
	});
	after(() => chain?.stop());

	/** Fails unless a request is refused with this code and message. */
	async function refused(code, message, method, ...params) {
		const { error } = await ask(chain, method, params);
		assert.match(error?.message ?? 'there is no error', message);
		assert.equal(error.code, code);
	}

	test('logs_should_be_refused_when_they_or_their_blocks_are_too_many', async () => {
		const data = viem.encodeFunctionData({
			...{ abi: TRANSFER, functionName: 'transfer', args: [BOB, 10n ** 9n] },
		});
		for (let i = 0; i < 3; i += 1) {
			await rpc(chain, 'eth_sendTransaction', [{ from, to: TOKEN, data }]);
		}
		const range = (fromBlock, toBlock) => [{ fromBlock, toBlock, address: TOKEN }];
		assert.equal((await rpc(chain, 'eth_getLogs', range('0x1', '0x2'))).length, 2);
		await refused(LIMIT, /more than 2 results/, 'eth_getLogs', ...range('0x1', '0x3'));
		await rpc(chain, 'evm_mine', [{ blocks: 5 }]);
		await refused(LIMIT, /block range greater than 5 max/, 'eth_getLogs', ...range('0x1', '0x6'));
	});

	test('history_should_be_shorter_when_more_is_asked_for', async () => {
		const { baseFeePerGas } = await rpc(chain, 'eth_feeHistory', ['0x7', 'latest', []]);
		assert.equal(baseFeePerGas.length, 4);
	});

	test('filter_should_be_refused_when_there_are_too_many', async () => {
		const id = await rpc(chain, 'eth_newBlockFilter');
		await refused(LIMIT, /too many filters/, 'eth_newBlockFilter');
		assert.equal(await rpc(chain, 'eth_uninstallFilter', [id]), true);
		await rpc(chain, 'eth_newBlockFilter');
	});

	test('trace_should_be_refused_when_it_has_too_many_steps', async () => {
		const deployment = { from, data: probe.bytecode, gas: '0x5f5e100' };
		const hash = await rpc(chain, 'eth_sendTransaction', [deployment]);
		await refused(LIMIT, /more than 10 steps/, 'debug_traceTransaction', hash);
		const { structLogs } = await rpc(chain, 'debug_traceTransaction', [hash, { limit: 10 }]);
		assert.equal(structLogs.length, 10);
		const { type } = await rpc(chain, 'debug_traceTransaction', [hash, { tracer: 'callTracer' }]);
		assert.equal(type, 'CREATE');
	});

	test('call_should_run_out_of_gas_when_it_needs_more_than_a_call_may_have', async () => {
		const { contractAddress } = await rpc(chain, 'eth_getTransactionReceipt', [
			await rpc(chain, 'eth_sendTransaction', [{ from, data: probe.bytecode, gas: '0x5f5e100' }]),
		]);
		const fill = (count) => ({
			...{ from, to: contractAddress, gas: '0x5f5e100' },
			data: viem.encodeFunctionData({ abi: probe.abi, functionName: 'fill', args: [0n, count] }),
		});
		assert.equal(await rpc(chain, 'eth_call', [fill(1n)]), '0x');
		const { error } = await ask(chain, 'eth_call', [fill(1_000n)]);
		assert.ok(error, 'it had a hundred times as much gas in its request');
	});
});
