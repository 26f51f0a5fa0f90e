// The schemas themselves: real answers fit, and whatever is broken about them is seen. (That all
// answers of the other tests fit is seen by the proxy between.)

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as viem from 'viem';
import { openledger, rpc } from './chain.mjs';
import { own } from './contracts.mjs';
import { fault, Validator } from './schema.mjs';
import { Seen, Socket } from './socket.mjs';
import { fund, World } from './world.mjs';

const NAME = 'schema';
/** What the specification does not require. */
const OPTIONAL = {
	eth_getBlockByNumber: [
		...['difficulty', 'baseFeePerGas', 'withdrawalsRoot', 'blobGasUsed', 'excessBlobGas'],
		'withdrawals',
	],
	eth_getTransactionReceipt: ['type', 'to', 'contractAddress', 'status'],
	eth_getTransactionByHash: ['to', 'v'],
	eth_getLogs: [],
};

describe('the schemas', { concurrency: false }, () => {
	let chain;
	const answers = {};

	before(async () => {
		chain = await openledger();
		await fund(chain, [NAME]);
		const world = new World(chain, NAME);
		const probe = await world.deploy(own('Probe'));
		const { blockNumber, transactionHash } = await world.write(probe, 'noteTwice', ['schema']);
		const number = viem.toHex(blockNumber);
		for (const [method, params] of Object.entries({
			eth_getBlockByNumber: [number, true],
			eth_getTransactionReceipt: [transactionHash],
			eth_getTransactionByHash: [transactionHash],
			eth_getLogs: [{ fromBlock: number, toBlock: number }],
		})) {
			answers[method] = await rpc(chain, method, params);
		}
	});
	after(() => chain?.stop());

	/** The object of an answer that has the fields. */
	const inner = (answer) => (Array.isArray(answer) ? answer[0] : answer);

	test('answer_should_fit_when_it_is_the_nodes', () => {
		for (const [method, answer] of Object.entries(answers)) {
			assert.equal(fault(method, answer), undefined, method);
		}
	});

	test('rarer_answers_should_fit_when_they_are_asked_for', async () => {
		const { hash, blockHash } = answers.eth_getTransactionByHash;
		for (const [method, params] of Object.entries({
			eth_coinbase: [],
			eth_getHeaderByHash: [blockHash],
			eth_getHeaderByNumber: ['latest'],
			eth_getRawTransactionByBlockHashAndIndex: [blockHash, '0x0'],
			eth_getRawTransactionByHash: [hash],
			eth_hashrate: [],
			eth_mining: [],
			eth_pendingTransactions: [],
			eth_protocolVersion: [],
			net_peerCount: [],
			rpc_modules: [],
			txpool_contentFrom: [answers.eth_getTransactionByHash.from],
			debug_getBadBlocks: [],
		})) {
			assert.equal(fault(method, await rpc(chain, method, params)), undefined, method);
		}
		const socket = await Socket.open(chain.ws);
		const seen = new Seen();
		await socket.subscribe(['syncing'], seen.take);
		const [status] = await seen.until((all) => all.length > 0 && all, 'whether it synchronises');
		assert.equal(fault('eth_subscription syncing', status), undefined);
		await socket.close();
	});

	test('fault_should_be_seen_when_a_field_is_missing_or_has_another_form', () => {
		for (const [method, answer] of Object.entries(answers)) {
			for (const key of Object.keys(inner(answer))) {
				const broken = (change) => {
					const copy = structuredClone(answer);
					change(inner(copy));
					return fault(method, copy);
				};
				const optional = OPTIONAL[method].includes(key);
				assert.equal(broken((one) => delete one[key]) === undefined, optional, `no ${method} ${key}`);
				assert.ok(broken((one) => (one[key] = { a: 1 })), `${method} ${key}: an object`);
				if (typeof inner(answer)[key] === 'string') {
					assert.ok(broken((one) => (one[key] = 'x')), `${method} ${key}: a text`);
					assert.ok(broken((one) => (one[key] = 7)), `${method} ${key}: a number`);
				}
			}
			const more = structuredClone(answer);
			inner(more).extra = '0x1';
			assert.ok(fault(method, more), `${method} with a field too many`);
		}
	});

	test('validator_should_see_when_a_response_is_none_of_json_rpc', () => {
		const request = { jsonrpc: '2.0', id: 3, method: 'eth_chainId', params: [] };
		const good = { jsonrpc: '2.0', id: 3, result: '0x1' };
		for (const [response, faults] of [
			[good, 0],
			[{ ...good, id: 4 }, 1],
			[{ ...good, jsonrpc: undefined }, 1],
			[{ ...good, result: '0x01' }, 1],
			[{ ...good, result: undefined, error: { code: -32_000, message: 'no' } }, 0],
			[{ ...good, result: undefined, error: { code: '3', message: 'no' } }, 1],
			[{ ...good, error: { code: 3, message: 'no' } }, 1],
		]) {
			const validator = new Validator();
			validator.response(request, response);
			assert.equal(validator.faults.size, faults, JSON.stringify(response));
		}
	});
});
