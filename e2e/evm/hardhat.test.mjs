// A Hardhat project: compiled, deployed and tested by `hardhat test` against the node.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { join } from 'node:path';
import { temporaryFolder } from '../node.mjs';
import { openledger } from './chain.mjs';
import { finished } from './command.mjs';

const folder = new URL('hardhat/', import.meta.url).pathname;
const hardhat = createRequire(import.meta.url).resolve('hardhat/internal/cli/bootstrap.js');

describe('Hardhat', () => {
	let chain;

	before(async () => {
		chain = await openledger();
	});
	after(() => chain?.stop());

	test('project_should_pass_its_tests_when_its_network_is_this_chain', async () => {
		const made = temporaryFolder('hardhat');
		const { status, stdout, stderr } = await finished(process.execPath, [hardhat, 'test'], {
			cwd: folder,
			env: {
				...process.env,
				OPENLEDGER_RPC: chain.http,
				HARDHAT_ARTIFACTS: join(made, 'artifacts'),
				HARDHAT_CACHE: join(made, 'cache'),
				HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true',
				CI: 'true',
			},
		});
		assert.equal(status, 0, stdout + stderr);
		assert.match(stdout, /3 passing/);
	});
});
