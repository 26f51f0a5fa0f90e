// Runs all test files on two pairs of a node and an anvil. A pair has one file at a time, since tests look
// at whole blocks. All that the tests and their tools ask a node goes through a proxy, which compares
// the answers with Ethereum's schemas.

import { spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { anvil, openledger } from './chain.mjs';
import { proxy } from './proxy.mjs';
import { Validator } from './schema.mjs';

/** Most of the time tests wait for blocks, so two pairs need little more of a machine than one. */
const PAIRS = process.env.OPENLEDGER_RPC ? 1 : 2;

const here = new URL('.', import.meta.url);
const validator = new Validator();
// Those with most to do first, or one of them would begin when all others end.
const files = readdirSync(here)
	.filter((name) => name.endsWith('.test.mjs'))
	.map((name) => new URL(name, here).pathname)
	.sort((one, other) => statSync(other).size - statSync(one).size);
const running = new Set();
process.on('exit', () => {
	for (const child of running) child.kill();
});

/** Runs one file and shows what it printed when it has ended, so that files do not mix. */
function tested(file, env) {
	const child = spawn(
		process.execPath,
		['--test', '--test-reporter=spec', ...process.argv.slice(2), file],
		{ env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
	);
	running.add(child);
	const printed = [];
	for (const stream of [child.stdout, child.stderr]) {
		stream.on('data', (data) => printed.push(data));
	}
	return new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (status) => {
			running.delete(child);
			process.stdout.write(Buffer.concat(printed));
			if (status !== 0) process.exitCode = 1;
			resolve();
		});
	});
}

/** Starts a pair and has it tested while there are files. */
async function pair() {
	const chains = await Promise.all([openledger(), anvil()]);
	const between = await proxy(chains[0], validator);
	const env = Object.fromEntries(chains.map(({ variable, http }) => [variable, http]));
	env[chains[0].variable] = between.http;
	while (files.length > 0) await tested(files.shift(), env);
	await between.stop();
	await Promise.all(chains.map((chain) => chain.stop()));
}

await Promise.all(Array.from({ length: PAIRS }, pair));
for (const line of validator.summary()) console.log(line);
if (validator.counts.size === 0 || validator.faults.size > 0) process.exitCode = 1;
