// Gas: what is estimated suffices and is accepted by wallets, and blocks account for it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as viem from 'viem';
import { ask, openledger, rpc } from './chain.mjs';
import { own } from './contracts.mjs';
import { fund, World } from './world.mjs';

const NAME = 'gas';
const GWEI = 10n ** 9n;

/** What Ethereum charges before the first instruction (EIP-2028, EIP-3860). */
function intrinsic({ data = '0x', to }) {
	const bytes = viem.hexToBytes(data);
	const perByte = bytes.reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 0);
	return 21_000 + perByte + (to ? 0 : 32_000 + 2 * Math.ceil(bytes.length / 32));
}

describe('gas', { concurrency: false }, () => {
	let chain;
	let world;
	let probe;
	const data = (functionName, ...args) =>
		viem.encodeFunctionData({ abi: probe.abi, functionName, args });
	const estimate = async (request) =>
		BigInt(await rpc(chain, 'eth_estimateGas', [{ from: world.me.address, ...request }]));

	before(async () => {
		chain = await openledger();
		await fund(chain, [NAME]);
		world = new World(chain, NAME);
		probe = await world.deploy(own('Probe'));
	});
	after(() => chain?.stop());

	test('estimate_should_cover_use_when_storage_grows_changes_and_shrinks', async (context) => {
		const to = probe.address;
		const token = own('Token');
		const deployment = viem.encodeDeployData({ ...token, args: ['Token', 1n] });
		for (const [name, request] of Object.entries({
			'a new account': { to: world.other('new').address, value: viem.toHex(5) },
			'a known account': { to: world.other('new').address, value: viem.toHex(5) },
			deployment: { data: deployment },
			'ten new words': { to, data: data('fill', 0n, 10n) },
			'ten known words': { to, data: data('fill', 0n, 10n) },
			'ten words less': { to, data: data('clear', 0n, 10n) },
			'an event': { to, data: data('noteTwice', 'a text') },
		})) {
			const gas = await estimate(request);
			const value = BigInt(request.value ?? 0);
			const { gasUsed } = await world.send({ ...request, value, gas });
			assert.ok(gasUsed <= gas, `${name}: ${gasUsed} used, ${gas} estimated`);
			context.diagnostic(`${name}: ${gasUsed} used, ${gas} estimated`);
		}
	});

	test('estimate_should_suffice_when_a_contract_looks_at_the_time', async () => {
		const to = probe.address;
		await world.write(probe, 'touch', []);
		// The block in which it runs is later than the one at which it was estimated.
		const request = { to, data: data('ripen') };
		const gas = await estimate(request);
		const { gasUsed } = await world.send({ ...request, gas });
		assert.ok(gasUsed <= gas);
	});

	test('estimate_should_be_accepted_by_wallets_when_it_is_less_than_ethereums', async () => {
		// Libraries on ethereumjs refuse to sign with less than this.
		for (const request of [
			{ to: world.other('new').address, value: '0x5' },
			{ to: probe.address, data: data('refuse', 10n) },
			{ data: own('Trader').bytecode },
		]) {
			const gas = await estimate(request);
			assert.ok(gas >= BigInt(intrinsic(request)), `${gas}, not ${intrinsic(request)}`);
		}
	});

	test('call_should_run_when_it_has_the_estimated_gas_and_fees', async () => {
		for (const request of [
			{ to: world.other('another').address, value: '0x5' },
			{ to: probe.address, data: data('noteTwice', 'a text') },
		]) {
			const gas = viem.toHex(await estimate(request));
			const fees = {
				maxFeePerGas: viem.toHex(20n * GWEI),
				maxPriorityFeePerGas: viem.toHex(2n * GWEI),
			};
			const call = { from: world.me.address, ...request, ...fees, gas };
			const { result, error } = await ask(chain, 'eth_call', [call, 'latest']);
			assert.equal(result, '0x', error?.message);
		}
	});

	test('block_should_have_room_for_its_gas_when_a_transaction_fills_storage', async () => {
		const receipt = await world.write(probe, 'fill', [1_000n, 500n]);
		const { blockNumber } = receipt;
		const { gasUsed, gasLimit } = await world.reader.getBlock({ blockNumber });
		assert.ok(gasUsed >= receipt.gasUsed);
		assert.ok(gasUsed <= gasLimit, `${gasUsed} gas of ${gasLimit}`);
	});
});
