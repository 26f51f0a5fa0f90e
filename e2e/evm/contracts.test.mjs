// Contracts that Ethereum's users have, deployed and used on the node and on anvil: both show the
// same addresses, events, balances and errors.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { anvil, openledger } from './chain.mjs';
import { prepare } from './contracts.mjs';
import * as scenarios from './scenarios.mjs';
import { fund, World } from './world.mjs';

const names = Object.keys(scenarios);

// At once: each has its own account, and what they wait for is the next block.
describe('a contract of Ethereum', { concurrency: names.length }, () => {
	let chains;

	before(async () => {
		prepare();
		chains = await Promise.all([openledger(), anvil()]);
		await Promise.all(chains.map((chain) => fund(chain, names)));
	});
	after(() => Promise.all(chains.map((chain) => chain.stop())));

	for (const [name, play] of Object.entries(scenarios)) {
		test(`${name}_should_do_as_on_anvil_when_it_is_used`, async () => {
			const [ours, theirs] = await Promise.all(
				chains.map((chain) => play(new World(chain, name))),
			);
			assert.deepEqual(ours, theirs);
		});
	}
});
