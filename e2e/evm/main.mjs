// Starts one node and one anvil, and runs all test files on them, one after the other.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { anvil, openledger } from './chain.mjs';

const chains = await Promise.all([openledger(), anvil()]);
const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((name) => name.endsWith('.test.mjs'));
const runner = spawn(
	process.execPath,
	[
		...['--test', '--test-concurrency=1', '--test-reporter=spec', ...process.argv.slice(2)],
		...files.map((name) => new URL(name, here).pathname),
	],
	{
		stdio: 'inherit',
		env: {
			...process.env,
			...Object.fromEntries(chains.map(({ variable, http }) => [variable, http])),
		},
	},
);
process.exitCode = await new Promise((resolve) => {
	runner.on('exit', (code) => resolve(code ?? 1));
});
await Promise.all(chains.map((chain) => chain.stop()));
