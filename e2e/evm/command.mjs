// Runs the programs that users have.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { temporaryFolder } from '../node.mjs';

/** Runs a program to its end and gives its exit status and what it printed. */
export function finished(program, args, options = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
		const printed = { stdout: '', stderr: '' };
		for (const stream of ['stdout', 'stderr']) {
			child[stream].on('data', (data) => {
				printed[stream] += data;
			});
		}
		child.on('error', reject);
		child.on('close', (status) => resolve({ status, ...printed }));
	});
}

/** Runs the tests of the Hardhat project on a chain, with more environment where `env` has some. */
export function hardhatTest(chain, env = {}) {
	const hardhat = createRequire(import.meta.url).resolve('hardhat/internal/cli/bootstrap.js');
	const made = temporaryFolder('hardhat');
	return finished(process.execPath, [hardhat, 'test'], {
		cwd: new URL('hardhat/', import.meta.url).pathname,
		env: {
			...process.env,
			OPENLEDGER_RPC: chain.http,
			HARDHAT_ARTIFACTS: join(made, 'artifacts'),
			HARDHAT_CACHE: join(made, 'cache'),
			HARDHAT_DISABLE_TELEMETRY_PROMPT: 'true',
			CI: 'true',
			...env,
		},
	});
}
