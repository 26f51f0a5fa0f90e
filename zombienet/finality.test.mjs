// Four validators: finality survives the loss of one, and the lost one comes back.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeAll } from '../e2e/blocks.mjs';
import { awaited, finalized } from '../e2e/node.mjs';
import { account, Network, VALIDATORS } from './network.mjs';

describe('a network of four validators', { concurrency: false }, () => {
	const others = VALIDATORS.filter((name) => name !== 'dave');
	let network;
	let last;

	before(async () => {
		network = await Network.start();
	});
	after(async () => {
		await network?.stop();
	});

	/** Waits until a block is final everywhere and checks that it is one block. */
	async function agree(names, number) {
		await Promise.all(names.map((name) => finalized(network.api(name), number)));
		const hashes = await Promise.all(
			names.map(async (name) => `${await network.api(name).rpc.chain.getBlockHash(number)}`),
		);
		assert.equal(new Set(hashes).size, 1, `block ${number} differs: ${hashes}`);
	}

	const best = async (name) =>
		(await network.api(name).rpc.chain.getHeader()).number.toNumber();

	test('blocks_should_become_final_when_all_validators_run', async () => {
		await agree(VALIDATORS, 3);
		for (const name of VALIDATORS) {
			const { peers } = await network.api(name).rpc.system.health();
			assert.equal(peers.toNumber(), VALIDATORS.length - 1, `peers of ${name}`);
		}
	});

	/** Waits until a validator has made a block in the session that runs. */
	const authored = (name) =>
		awaited(
			(callback) => network.api('alice').rpc.chain.subscribeNewHeads(callback),
			async () => {
				const { session, imOnline } = network.api('alice').query;
				const made = await imOnline.authoredBlocks(await session.currentIndex(), account(name));
				return made.toNumber() > 0;
			},
			`a block by ${name} in one session`,
		);

	test('blocks_should_go_on_becoming_final_when_one_validator_is_killed', async () => {
		// One that is silent for all of a session is disabled, and makes no block when it is back.
		await authored('dave');
		last = await best('dave');
		await network.kill('dave');
		// None of these blocks existed when it died, so the others finalised them.
		await agree(others, last + 4);
	});

	test('validator_should_catch_up_and_author_when_restarted_on_its_data', async () => {
		const missed = await best('alice');
		assert.ok(missed > last);
		const api = await network.startValidator('dave');
		const [, kept] = await network.node('dave').logged(/Highest known block at #(\d+)/);
		assert.ok(Number(kept) > 0 && Number(kept) <= missed, `started from block ${kept}`);
		await agree(VALIDATORS, missed + 1);
		const header = await awaited(
			(callback) => network.api('alice').derive.chain.subscribeNewHeads(callback),
			({ author, number }) => number.toNumber() > missed && author?.eq(account('dave')),
			'a block by the restarted validator',
		);
		await agree(VALIDATORS, header.number.toNumber());
	});

	test('every_block_should_decode_when_the_network_has_been_through_all_this', async () => {
		const final = (await finalized(network.api('dave'), last)).number.toNumber();
		const { calls } = await decodeAll(network.api('dave'), final);
		assert.equal(calls.get('timestamp.set'), final);
	});
});
