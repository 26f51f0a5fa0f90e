// A Hardhat project: compiled, deployed and tested by `hardhat test` against the node.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openledger } from './chain.mjs';
import { hardhatTest } from './command.mjs';

describe('Hardhat', () => {
	let chain;

	before(async () => {
		chain = await openledger();
	});
	after(() => chain?.stop());

	test('project_should_pass_its_tests_when_its_network_is_this_chain', async () => {
		const { status, stdout, stderr } = await hardhatTest(chain);
		assert.equal(status, 0, stdout + stderr);
		assert.match(stdout, /3 passing/);
	});
});
