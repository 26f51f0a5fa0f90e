// The two generations of web3.js that are in use, each with its own account.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import Web3 from 'web3';
import { CHAIN_ID, openledger, PATIENCE } from './chain.mjs';
import { own } from './contracts.mjs';
import { account, fund } from './world.mjs';
import { keccak256, stringToHex } from 'viem';

const Web3v1 = createRequire(import.meta.url)('web3v1');
const SUPPLY = '1000000000000000000000000';

/** The first event of an emitter, or its error. */
function first(emitter, event) {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`no ${event}`)), PATIENCE);
		const end = (settle) => (value) => {
			clearTimeout(timer);
			settle(value);
		};
		emitter.on(event, end(resolve));
		emitter.on('error', end(reject));
	});
}

// At once: what they wait for is the next block.
describe('web3.js', { concurrency: 2 }, () => {
	const versions = { 4: Web3, 1: Web3v1 };
	const nameOf = (version) => `web3 ${version}`;
	let chain;

	before(async () => {
		chain = await openledger();
		await fund(chain, Object.keys(versions).map(nameOf));
	});
	after(() => chain?.stop());

	for (const [version, Library] of Object.entries(versions)) {
		const name = nameOf(version);
		const me = account(name).address;
		const bob = account(`${name}: bob`).address;
		describe(`in version ${version}`, { concurrency: false }, () => {
			let web3;
			let socket;
			let provider;
			let token;

			before(() => {
				web3 = new Library(chain.http);
				// It waits for receipts by asking for them: ask often.
				web3.eth.transactionPollingInterval = 200;
				web3.eth.transactionPollingTimeout = version === '4' ? PATIENCE : PATIENCE / 1_000;
				web3.eth.accounts.wallet.add(keccak256(stringToHex(name)));
				provider = new Library.providers.WebsocketProvider(chain.ws);
				socket = new Library(provider);
			});
			after(() => provider?.disconnect(1_000, 'done'));

			test('chain_should_be_read_when_asked', async () => {
				assert.equal(Number(await web3.eth.getChainId()), CHAIN_ID);
				assert.equal(Number(await web3.eth.net.getId()), CHAIN_ID);
				const block = await web3.eth.getBlock('latest');
				assert.equal((await web3.eth.getBlock(block.hash)).number, block.number);
				assert.ok(Number(block.gasLimit) > 5_000_000);
				assert.equal(`${await web3.eth.getBalance(me)}`, `${1_000n * 10n ** 18n}`);
				assert.ok(BigInt(await web3.eth.getGasPrice()) > 0n);
				assert.equal(await web3.eth.isSyncing(), false);
				await web3.eth.getFeeHistory(1, 'latest', [50]);
			});

			test('money_should_arrive_when_sent', async () => {
				const receipt = await web3.eth.sendTransaction({ from: me, to: bob, value: '7', gas: 21_000 });
				assert.equal(Number(receipt.status), 1);
				assert.equal(`${await web3.eth.getBalance(bob)}`, '7');
				const found = await web3.eth.getTransaction(receipt.transactionHash);
				assert.equal(found.to.toLowerCase(), bob.toLowerCase());
				assert.equal(`${found.value}`, '7');
			});

			test('contract_should_work_when_deployed', async () => {
				const { abi, bytecode } = own('Token');
				const deployment = new web3.eth.Contract(abi).deploy({
					data: bytecode,
					arguments: ['Token', SUPPLY],
				});
				const gas = await deployment.estimateGas({ from: me });
				token = await deployment.send({ from: me, gas });
				const address = token.options.address;
				assert.equal(await token.methods.symbol().call(), 'TOK');

				const watching = new socket.eth.Contract(abi, address);
				const subscription = watching.events.Transfer({ filter: { to: bob } });
				const seen = first(subscription, 'data');
				await first(subscription, 'connected');
				const call = token.methods.transfer(bob, '12');
				const receipt = await call.send({ from: me, gas: await call.estimateGas({ from: me }) });
				assert.equal(`${receipt.events.Transfer.returnValues.value}`, '12');
				assert.equal(`${(await seen).returnValues.value}`, '12');
				assert.equal(`${await token.methods.balanceOf(bob).call()}`, '12');
				const past = await token.getPastEvents('Transfer', {
					filter: { from: me },
					fromBlock: receipt.blockNumber,
				});
				assert.equal(past.length, 1);
				const logs = await web3.eth.getPastLogs({ address, fromBlock: receipt.blockNumber });
				assert.equal(logs.length, 1);
			});

			test('reason_should_be_told_when_a_call_reverts', async () => {
				const { abi, bytecode } = own('Probe');
				const deployment = new web3.eth.Contract(abi).deploy({ data: bytecode });
				const gas = await deployment.estimateGas({ from: me });
				const probe = await deployment.send({ from: me, gas });
				const told = ({ message, cause, innerError }) =>
					/a reason/.test(`${message} ${cause?.message} ${innerError?.message}`);
				await assert.rejects(probe.methods.refuse(0).call({ from: me }), told);
				await assert.rejects(probe.methods.refuse(0).estimateGas({ from: me }), told);
			});

			test('heads_should_come_when_subscribed', async () => {
				const subscription = await socket.eth.subscribe('newBlockHeaders');
				const head = await first(subscription, 'data');
				const block = await web3.eth.getBlock(head.number);
				assert.equal(block.hash, head.hash ?? block.hash);
				await subscription.unsubscribe();
			});
		});
	}
});
