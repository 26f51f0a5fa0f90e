// Starts one node and one anvil, and runs all test files on them, one after the other. All that the
// tests and their tools ask the node goes through a proxy, which compares the answers with Ethereum's
// schemas.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { anvil, openledger } from './chain.mjs';
import { proxy } from './proxy.mjs';
import { Validator } from './schema.mjs';

const chains = await Promise.all([openledger(), anvil()]);
const validator = new Validator();
const between = await proxy(chains[0], validator);
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
			[chains[0].variable]: between.http,
		},
	},
);
process.exitCode = await new Promise((resolve) => {
	runner.on('exit', (code) => resolve(code ?? 1));
});
for (const line of validator.summary()) console.log(line);
if (validator.counts.size === 0 || validator.faults.size > 0) process.exitCode = 1;
await between.stop();
await Promise.all(chains.map((chain) => chain.stop()));
