// A Solidity contract, compiled by solc and deployed with ethers, that uses the precompiles.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as ethers from 'ethers';
import { compile } from './contracts.mjs';
import { startNode } from './node.mjs';

const ALITH = '0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133';
const interfaces = new URL('../pallets/precompiles/sol/', import.meta.url);
const { abi, bytecode } = compile('House', interfaces);

describe('a contract that uses the precompiles', () => {
	let node;
	let provider;
	let house;
	const sent = async (transaction) => {
		const receipt = await (await transaction).wait();
		assert.equal(receipt.status, 1);
		return receipt;
	};

	before(async () => {
		node = await startNode();
		provider = new ethers.JsonRpcProvider(node.http, undefined, { pollingInterval: 250, cacheTimeout: -1 });
		const wallet = new ethers.Wallet(ALITH, provider);
		house = await new ethers.ContractFactory(abi, bytecode, wallet).deploy();
		await house.waitForDeployment();
		await sent(wallet.sendTransaction({ to: await house.getAddress(), value: 10n ** 19n }));
	});
	after(async () => {
		provider?.destroy();
		await node?.stop();
	});

	test('contract_should_own_a_datanet_and_an_agent_when_it_opens_them', async () => {
		await sent(house.open('solidity', ethers.id('card')));
		assert.equal(await house.datanet(), 0n);
		assert.equal(await house.agent(), 0n);
		// An owner needs no licence; a stranger to the chain has none.
		assert.equal(await house.mayTune(), true);
	});

	test('contract_should_contribute_rows_and_be_refused_when_it_gives_them_again', async () => {
		const rows = ['one', 'two', 'three'].map((text) => ethers.id(text));
		await sent(house.give(rows, [3, 3, 5]));
		await assert.rejects(house.give.staticCall(rows, [3, 3, 5]), /RowKnown|revert/);
	});

	test('contract_should_read_models_and_attribution_when_it_asks', async () => {
		assert.equal(await house.serves(0, await house.getAddress()), false);
		assert.equal(await house.pending(), 0n);
	});
});
