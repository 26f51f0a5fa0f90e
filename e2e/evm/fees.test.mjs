// The fee market: tips buy places, a higher price replaces, and what is charged is what receipts
// say.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as ethers from 'ethers';
import * as viem from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { ALITH, ask, CHAIN_ID, openledger, PATIENCE, post, rpc } from './chain.mjs';
import { own } from './contracts.mjs';
import { account, clients, fund, OPEN, World } from './world.mjs';

const GWEI = 10n ** 9n;
const UNDERPRICED = 'replacement transaction underpriced';
/** What is paid for one gas at most, far above any base fee here. */
const CAP = 50n * GWEI;
const TRANSFER = { gas: 21_000n, value: 1n, chainId: CHAIN_ID };

/** A key of viem's as a wallet of ethers'. */
function ethersWallet(name, provider) {
	return new ethers.Wallet(viem.keccak256(viem.stringToHex(name)), provider);
}

/** Signs with viem, and with ethers what has the type of that name. */
async function sign(name, { library = 'viem', ...request }) {
	if (library === 'viem') return account(name).signTransaction({ ...TRANSFER, ...request });
	const { gas, ...rest } = { ...TRANSFER, ...request };
	return ethersWallet(name).signTransaction({ ...rest, type: 2, gasLimit: gas });
}

/** Sends all in one request; the answers in its order. */
async function batch(chain, transactions) {
	const requests = transactions.map((raw, id) => ({
		...{ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] },
	}));
	const answers = await post(chain, requests);
	return answers.sort((a, b) => a.id - b.id);
}

/**
 * A client of viem that shares nothing with others, and a promise for the answer to its first
 * request of `method`.
 */
function watcher(chain, method) {
	let answered;
	const seen = new Promise((resolve) => {
		answered = resolve;
	});
	const request = async (asked) => {
		const result = await rpc(chain, asked.method, asked.params);
		if (asked.method === method) answered(result);
		return result;
	};
	const options = { transport: viem.custom({ request }), pollingInterval: 50, cacheTime: 0 };
	return { reader: viem.createPublicClient(options), seen };
}

describe('the fee market', { concurrency: false }, () => {
	const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `fees ${name}`);
	const [me] = names;
	let chain;
	let world;
	let socket;
	let provider;

	before(async () => {
		chain = await openledger();
		await fund(chain, names);
		world = new World(chain, me);
		socket = new ethers.WebSocketProvider(chain.ws);
		provider = new ethers.JsonRpcProvider(chain.http, undefined, { cacheTimeout: -1 });
	});
	after(async () => {
		provider?.destroy();
		await socket?.destroy();
		await chain?.stop();
	});

	/** Acts right after a block, seconds before the next: all that it sends meets in the pool. */
	async function held(action) {
		await new Promise((resolve) => {
			socket.once('block', resolve);
		});
		return action();
	}

	const nonceOf = (name) => world.reader.getTransactionCount({ address: account(name).address });
	const balanceOf = (address, blockNumber) => world.reader.getBalance({ address, blockNumber });
	const priced = (tip) => ({ maxFeePerGas: CAP, maxPriorityFeePerGas: tip });
	const to = account('fees: somebody').address;

	test('transactions_should_be_ordered_by_what_they_tip_when_the_pool_holds_several', async () => {
		const { baseFeePerGas } = await world.reader.getBlock();
		const offers = [
			{ type: 'eip1559', ...priced(1n * GWEI) },
			{ type: 'eip1559', ...priced(30n * GWEI) },
			{ type: 'legacy', gasPrice: baseFeePerGas + 20n * GWEI },
			{ type: 'eip2930', gasPrice: baseFeePerGas + 10n * GWEI },
			// More is offered than the cap leaves.
			{ maxFeePerGas: baseFeePerGas + 5n * GWEI, maxPriorityFeePerGas: 5n * GWEI },
			{ library: 'ethers', ...priced(25n * GWEI) },
		];
		const raw = await Promise.all(
			names.map(async (name, at) => sign(name, { to, ...offers[at], nonce: await nonceOf(name) })),
		);
		const sent = await held(() => batch(chain, raw));
		assert.deepEqual(sent.map(({ error }) => error?.message), names.map(() => undefined));
		const receipts = await Promise.all(sent.map(({ result }) => world.receipt(result)));
		const [{ blockNumber }] = receipts;
		assert.ok(receipts.every((receipt) => receipt.blockNumber === blockNumber));
		const { transactions } = await world.reader.getBlock({ blockNumber });
		const order = transactions.map((hash) => sent.findIndex(({ result }) => result === hash));
		assert.deepEqual(order.filter((at) => at >= 0), [1, 5, 2, 3, 4, 0]);
	});

	test('price_should_replace_when_both_caps_are_a_tenth_higher_and_not_when_less', async () => {
		const nonce = await nonceOf(me);
		const somebody = (n) => account(`fees: ${n}`).address;
		const raw = await Promise.all(
			[
				{ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 2n * GWEI },
				{ maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: (219n * GWEI) / 100n },
				{ maxFeePerGas: (219n * GWEI) / 10n, maxPriorityFeePerGas: 22n * GWEI / 10n },
				{ maxFeePerGas: 19n * GWEI, maxPriorityFeePerGas: 1n * GWEI },
				{ maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: (22n * GWEI) / 10n },
				{ maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: 2n * GWEI },
			].map((fees, n) => sign(me, { to: somebody(n), nonce, ...fees })),
		);
		const answers = await held(() => batch(chain, raw));
		assert.deepEqual(
			answers.map(({ result, error }) => error?.message ?? typeof result),
			['string', UNDERPRICED, UNDERPRICED, UNDERPRICED, 'string', UNDERPRICED],
		);
		assert.equal((await world.receipt(answers[4].result)).status, 'success');
		assert.equal(await world.reader.getTransaction({ hash: answers[0].result }).catch(() => null), null);
		const given = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => balanceOf(somebody(n))));
		assert.deepEqual(given, [0n, 0n, 0n, 0n, 1n, 0n]);
	});

	test('wait_of_ethers_should_tell_of_the_cancellation_when_an_empty_transfer_replaces', async () => {
		const wallet = ethersWallet(me, provider);
		const gone = account('fees: never').address;
		const nonce = await nonceOf(me);
		const fees = { type: 2, gasLimit: 21_000n, maxFeePerGas: 20n * GWEI, chainId: CHAIN_ID };
		const [sent, cancel] = await held(async () => [
			await wallet.sendTransaction({
				...{ to: gone, value: OPEN, nonce, ...fees, maxPriorityFeePerGas: GWEI },
			}),
			// As MetaMask does: ten per cent more on both.
			await wallet.sendTransaction({
				...{ to: wallet.address, value: 0n, nonce, ...fees },
				maxFeePerGas: 22n * GWEI,
				maxPriorityFeePerGas: (11n * GWEI) / 10n,
			}),
		]);
		await assert.rejects(sent.wait(1, PATIENCE), (error) => {
			assert.equal(error.code, 'TRANSACTION_REPLACED');
			assert.equal(error.cancelled, true);
			assert.equal(error.replacement.hash, cancel.hash);
			return true;
		});
		assert.equal(await balanceOf(gone), 0n);
	});

	for (const [type, fees] of [
		['legacy', { gasPrice: 7n * GWEI + 1n }],
		['eip2930', { gasPrice: 7n * GWEI + 1n }],
		['eip1559', { maxFeePerGas: 9n * GWEI, maxPriorityFeePerGas: 3n * GWEI + 1n }],
		['eip1559', { maxFeePerGas: 9n * GWEI, maxPriorityFeePerGas: 9n * GWEI }],
	]) {
		const tip = fees.maxPriorityFeePerGas ?? fees.gasPrice;
		test(`charge_should_be_the_effective_price_of_the_gas_when_${type}_tips_${tip}`, async () => {
			const probe = await world.deploy(own('Probe'));
			const call = (functionName, args) => ({
				...{ to: probe.address, gas: 3_000_000n, type, ...fees },
				data: viem.encodeFunctionData({ abi: probe.abi, functionName, args }),
			});
			for (const [request, value, status] of [
				[{ ...TRANSFER, to, type, ...fees }, 1n, 'success'],
				[call('fill', [1n, 5n]), 0n, 'success'],
				[call('fillAndRefuse', []), 0n, 'reverted'],
			]) {
				const receipt = await world.receipt(await world.wallet.sendTransaction(request));
				assert.equal(receipt.status, status);
				const { blockNumber, gasUsed, effectiveGasPrice } = receipt;
				const { baseFeePerGas } = await world.reader.getBlock({ blockNumber });
				const cap = fees.maxFeePerGas ?? fees.gasPrice;
				const price = cap < baseFeePerGas + tip ? cap : baseFeePerGas + tip;
				assert.equal(effectiveGasPrice, price);
				const mined = await rpc(chain, 'eth_getTransactionByHash', [receipt.transactionHash]);
				assert.equal(BigInt(mined.gasPrice), price);
				const [had, has] = await Promise.all(
					[blockNumber - 1n, blockNumber].map((at) => balanceOf(world.me.address, at)),
				);
				assert.equal(had - has, gasUsed * price + value);
			}
		});
	}

	test('charge_should_be_exact_when_all_is_sent', async () => {
		const name = 'fees f';
		const { address } = account(name);
		const gasPrice = 6n * GWEI + 7n;
		const value = (await balanceOf(address)) - TRANSFER.gas * gasPrice;
		const nonce = await nonceOf(name);
		const [{ result, error }] = await batch(chain, [
			await sign(name, { to, type: 'legacy', nonce, gasPrice, value }),
		]);
		assert.equal(error, undefined);
		const { gasUsed, effectiveGasPrice } = await world.receipt(result);
		assert.equal(effectiveGasPrice, gasPrice);
		assert.equal(await balanceOf(address), (TRANSFER.gas - gasUsed) * gasPrice);
	});

	test('history_should_tell_the_tips_when_a_block_has_some', async () => {
		const tips = [4n * GWEI, 2n * GWEI, 3n * GWEI];
		const raw = await Promise.all(
			tips.map(async (tip, at) => {
				const name = names[at + 1];
				return sign(name, { to, nonce: await nonceOf(name), ...priced(tip) });
			}),
		);
		const sent = await held(() => batch(chain, raw));
		const receipts = await Promise.all(sent.map(({ result }) => world.receipt(result)));
		const [{ blockNumber }] = receipts;
		assert.ok(receipts.every((receipt) => receipt.blockNumber === blockNumber));
		const rewardPercentiles = [0, 50, 100];
		const history = await world.reader.getFeeHistory({
			...{ blockCount: 1, blockNumber, rewardPercentiles },
		});
		assert.deepEqual(history.reward, [[2n * GWEI, 3n * GWEI, 4n * GWEI]]);
		const { baseFeePerGas } = await world.reader.getBlock({ blockNumber });
		assert.equal(history.baseFeePerGas[0], baseFeePerGas);
		assert.equal(history.baseFeePerGas.length, 2);
	});

	test('advice_should_be_accepted_and_never_nothing_when_libraries_ask_for_it', async () => {
		const tip = BigInt(await rpc(chain, 'eth_maxPriorityFeePerGas'));
		assert.ok(tip > 0n);
		assert.ok(BigInt(await rpc(chain, 'eth_gasPrice')) > tip);
		const { maxFeePerGas, maxPriorityFeePerGas } = await provider.getFeeData();
		assert.ok(maxFeePerGas > maxPriorityFeePerGas && maxPriorityFeePerGas > 0n);
		const sent = await ethersWallet(me, provider).sendTransaction({ to, value: 1n });
		assert.equal((await sent.wait(1, PATIENCE)).status, 1);
	});

	test('refusal_should_say_what_the_caps_want_when_the_money_is_short', async () => {
		const balance = await balanceOf(world.me.address);
		const value = balance - 21_000n * CAP + 1n;
		const raw = await sign(me, { to, nonce: await nonceOf(me), value, ...priced(GWEI) });
		const { error } = await ask(chain, 'eth_sendRawTransaction', [raw]);
		assert.match(error.message.toLowerCase(), /^insufficient funds for gas \* price \+ value/);
		assert.ok(error.message.endsWith(`have ${balance} want ${balance + 1n}`), error.message);
	});
});

describe('a transaction that is sped up', () => {
	let chain;

	before(async () => {
		chain = await openledger(['--sealing', 'manual']);
	});
	after(() => chain?.stop());

	test('wait_of_viem_should_tell_of_the_new_price_when_it_knows_the_old_transaction', async () => {
		const wallet = clients(chain).wallet(privateKeyToAccount(ALITH));
		const request = { ...TRANSFER, to: account('fees: somebody').address, nonce: 0 };
		const fees = { maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: GWEI };
		const old = await wallet.sendTransaction({ ...request, ...fees });
		// viem compares the blocks with the transaction, which it asks for before the first of them.
		const { reader, seen } = watcher(chain, 'eth_getBlockByNumber');
		const replacements = [];
		const waiting = reader.waitForTransactionReceipt({
			...{ hash: old, timeout: PATIENCE },
			onReplaced: (replacement) => replacements.push(replacement),
		});
		await Promise.race([seen, waiting]);
		const fast = await wallet.sendTransaction({
			...request,
			...{ maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: (11n * GWEI) / 10n },
		});
		await rpc(chain, 'evm_mine');
		const receipt = await waiting;
		assert.deepEqual([receipt.transactionHash, receipt.status], [fast, 'success']);
		const [{ reason, replacedTransaction, transaction }, ...more] = replacements;
		assert.deepEqual(more, []);
		assert.equal(reason, 'repriced');
		assert.deepEqual([replacedTransaction.hash, transaction.hash], [old, fast]);
	});
});
