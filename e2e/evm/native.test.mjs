// What native transactions do, as Ethereum's clients see it: transactions behind the signed ones,
// with receipts and logs, and the balances of $OPEN as a token follow.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Keyring } from '@polkadot/keyring';
import * as ethers from 'ethers';
import Web3 from 'web3';
import { connect, only } from '../node.mjs';
import { ask, openledger, rpc } from './chain.mjs';
import { Seen, Socket } from './socket.mjs';
import { account, clients, fund, OPEN } from './world.mjs';

const RUNTIME = '0x6d6f646c70792f70616464720000000000000000';
const TOKEN = ethers.getAddress('0x000000000000000000000000000000000a050000');
const DATANETS = ethers.getAddress('0x000000000000000000000000000000000a010000');
const FINE_TUNE = 2;

/** What a person copies from the precompiles' interfaces. */
const INTERFACES = new ethers.Interface([
	'event Transfer(address indexed from, address indexed to, uint256 value)',
	'event Created(uint32 indexed id, address indexed owner)',
	'function transfer(address to, uint256 value) returns (bool)',
	'function balanceOf(address account) view returns (uint256)',
]);

/** A log in words: contract, event and arguments. */
const words = ({ address, topics, data }) => {
	const { name, args } = INTERFACES.parseLog({ topics, data });
	return [ethers.getAddress(address), name, ...args.toArray()];
};

describe('native transactions', { concurrency: false }, () => {
	const receiver = account('native receiver').address;
	let chain;
	let api;
	let provider;
	let socket;
	let alice;
	let address;

	before(async () => {
		chain = await openledger();
		await fund(chain, ['native receiver']);
		api = await connect(chain);
		provider = new ethers.JsonRpcProvider(chain.http, undefined, { cacheTimeout: -1 });
		socket = await Socket.open(chain.ws);
		alice = new Keyring({ type: 'sr25519' }).addFromUri('//Alice');
		address = ethers.getAddress((await rpc(chain, 'openledger_address', [alice.address])).ethereum);
	});
	after(async () => {
		await socket?.close();
		provider?.destroy();
		await api?.disconnect();
		await chain?.stop();
	});

	/** Sends a call natively: its Ethereum hash, its block's number and its events. */
	async function native(call) {
		const signed = await call.signAsync(alice, { nonce: -1 });
		const hash = signed.hash.toHex();
		const { block, events } = await new Promise((resolve, reject) => {
			signed
				.send(({ status, events }) => {
					if (status.isInBlock) resolve({ block: status.asInBlock, events });
				})
				.catch(reject);
		});
		const { number } = await api.rpc.chain.getHeader(block);
		return { hash, number: number.toNumber(), events: events.map(({ event }) => event) };
	}

	test('transfer_should_be_a_transaction_with_logs_when_it_is_native', async () => {
		const heard = new Seen();
		await socket.subscribe(['logs', { address: TOKEN, topics: [null, null, [
			ethers.zeroPadValue(receiver, 32),
		]] }], heard.take);
		const filter = await rpc(chain, 'eth_newFilter', [{ address: [TOKEN, DATANETS] }]);
		const token = new ethers.Contract(TOKEN, INTERFACES, provider);
		const before = await token.balanceOf(receiver);

		const { hash, number, events } = await native(
			api.tx.utility.batchAll([
				api.tx.balances.transferKeepAlive(`${receiver}${'ee'.repeat(12)}`, 5n * OPEN),
				api.tx.datanets.create('Native', {
					...{ rights: FINE_TUNE, price: OPEN, period: 0, curatorCut: 500, atRisk: 0 },
				}),
			]),
		);
		const receipt = await provider.getTransactionReceipt(hash);
		assert.equal(receipt.status, 1);
		assert.equal(receipt.blockNumber, number);
		assert.equal(receipt.from, address);
		const logs = receipt.logs.map(words);
		const id = BigInt(only(events, 'datanets', 'Created')[0].toNumber());
		const held = events
			.filter(({ section, method }) => section === 'balances' && method === 'Held')
			.map(({ data }) => [TOKEN, 'Transfer', address, TOKEN, data[2].toBigInt()]);
		assert.ok(held.length > 0, 'a Datanet holds a deposit');
		assert.deepEqual(logs, [
			[TOKEN, 'Transfer', address, receiver, 5n * OPEN],
			...held,
			[DATANETS, 'Created', id, address],
		]);
		assert.equal(await token.balanceOf(receiver), before + 5n * OPEN);

		const fee = only(events, 'transactionPayment', 'TransactionFeePaid')[1].toBigInt();
		const paid = receipt.gasUsed * receipt.gasPrice;
		assert.ok(paid >= fee && paid - fee < receipt.gasPrice, `${paid} for ${fee}`);

		// Whoever looks for logs finds them.
		const raw = receipt.logs.map(({ index }) => index);
		const found = await rpc(chain, 'eth_getLogs', [{
			...{ address: [TOKEN, DATANETS] },
			...{ fromBlock: ethers.toQuantity(number), toBlock: ethers.toQuantity(number) },
		}]);
		assert.deepEqual(found.map(({ logIndex }) => Number(logIndex)), raw);
		assert.ok(found.every(({ transactionHash }) => transactionHash === hash));
		assert.deepEqual(await rpc(chain, 'eth_getFilterChanges', [filter]), found);
		const [log] = await heard.until((all) => all.length > 0 && all, 'a log of the transfer');
		assert.deepEqual(log, found[0]);
		const query = token.filters.Transfer(address, receiver);
		assert.equal((await token.queryFilter(query, number, number)).length, 1);
	});

	test('block_should_list_a_native_transaction_when_clients_read_it', async () => {
		const { hash, number } = await native(
			api.tx.balances.transferKeepAlive(`${receiver}${'ee'.repeat(12)}`, 1n),
		);
		const tag = ethers.toQuantity(number);
		const block = await provider.getBlock(number, true);
		const position = block.transactions.indexOf(hash);
		assert.ok(position >= 0);
		const [transaction] = block.prefetchedTransactions.slice(position);
		assert.equal(transaction.hash, hash);
		assert.equal(transaction.to.toLowerCase(), RUNTIME);
		const { reader } = clients(chain);
		const byViem = await reader.getTransaction({ hash });
		assert.equal(ethers.getAddress(byViem.from), address);
		assert.equal(byViem.type, 'legacy');
		assert.equal(byViem.nonce, transaction.nonce);
		const web3 = new Web3(chain.http);
		assert.equal((await web3.eth.getTransaction(hash)).input, byViem.input);
		const call = api.createType('Call', byViem.input);
		assert.equal(`${call.section}.${call.method}`, 'balances.transferKeepAlive');

		const count = await rpc(chain, 'eth_getBlockTransactionCountByNumber', [tag]);
		assert.equal(Number(count), block.transactions.length);
		const where = [tag, ethers.toQuantity(position)];
		assert.deepEqual(
			await rpc(chain, 'eth_getTransactionByBlockNumberAndIndex', where),
			await rpc(chain, 'eth_getTransactionByHash', [hash]),
		);
		const receipts = await rpc(chain, 'eth_getBlockReceipts', [tag]);
		assert.deepEqual(
			receipts[position],
			await rpc(chain, 'eth_getTransactionReceipt', [hash]),
		);
		// It was not signed for Ethereum: no bytes, no trace.
		assert.equal(await rpc(chain, 'eth_getRawTransactionByHash', [hash]), null);
		const { error } = await ask(chain, 'debug_traceTransaction', [hash, { tracer: 'callTracer' }]);
		assert.match(error.message, /native transaction has no trace/);
		const traces = await rpc(chain, 'debug_traceBlockByNumber', [tag, { tracer: 'callTracer' }]);
		assert.ok(traces.every(({ txHash }) => txHash !== hash));
	});

	test('precompile_should_log_once_when_it_is_called_natively', async () => {
		const data = INTERFACES.encodeFunctionData('transfer', [receiver, 7n]);
		const weight = { refTime: 10n ** 11n, proofSize: 10n ** 6n };
		const { hash } = await native(api.tx.revive.call(TOKEN, 0, weight, OPEN, data));
		const { logs } = await provider.getTransactionReceipt(hash);
		const moved = logs.map(words).filter(([, , , to]) => to === receiver);
		assert.deepEqual(moved, [[TOKEN, 'Transfer', address, receiver, 7n]]);
	});

	test('transaction_should_stay_unseen_when_nothing_came_of_it', async () => {
		const { hash, events } = await native(
			api.tx.balances.transferKeepAlive(`${receiver}${'ee'.repeat(12)}`, 10n ** 30n),
		);
		only(events, 'system', 'ExtrinsicFailed');
		assert.equal(await provider.getTransaction(hash), null);
		assert.equal(await provider.getTransactionReceipt(hash), null);
	});

	test('value_should_make_no_log_when_an_ethereum_transaction_moves_it', async () => {
		const wallet = new ethers.Wallet(ethers.id('native receiver'), provider);
		const sent = await wallet.sendTransaction({ to: address, value: 3n });
		assert.deepEqual([...(await sent.wait()).logs], []);
	});
});
