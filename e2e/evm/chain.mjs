// The two chains that the checks compare: a development chain of ours, and anvil with the same
// chain id and the same rich accounts.
//
//     const chain = await openledger();       // or anvil()
//     await rpc(chain, 'eth_chainId');
//     await chain.stop();
//
// Where an environment variable names a running chain (`run` sets it), that one is used.

import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { development, freePort, startNode } from '../node.mjs';

export const CHAIN_ID = 918_273;
/** The phrase of alith and baltathar, which a development chain makes rich. */
const PHRASE = 'bottom drive obey lake curtain smoke basket hold race lonely fit walk';
export const ALITH = '0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133';
export const BALTATHAR = '0x8075991ce870b93a8870eca0c0f91913d12f47948ca0fd25b49c6fa7cdbeee8b';
/** What a test waits at most, in milliseconds. */
export const PATIENCE = 120_000;

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/** The path of a program of Foundry's: `anvil`, `cast` or `forge`. */
export function foundry(program) {
	const name = `@foundry-rs/${program}-${process.platform}-${ARCHITECTURES[process.arch]}`;
	try {
		return createRequire(import.meta.url).resolve(`${name}/bin/${program}`);
	} catch {
		throw new Error(`no ${program} for this machine: npm install --no-save ${name}`);
	}
}

function running(name, variable, http) {
	const ws = http.replace(/^http/, 'ws');
	return { name, variable, http, ws, stop: async () => {} };
}

/** A development chain of OpenLedger, with a block each slot unless `args` say otherwise. */
export async function openledger(args = []) {
	const variable = 'OPENLEDGER_RPC';
	if (process.env[variable] && args.length === 0) {
		return running('openledger', variable, process.env[variable]);
	}
	const node = await startNode({ args: development(...args) });
	return { name: 'openledger', variable, http: node.http, ws: node.ws, stop: () => node.stop() };
}

/** Anvil, with a block for each transaction and traces of each step unless `args` are given. */
export async function anvil(args = []) {
	const variable = 'ANVIL_RPC';
	if (process.env[variable] && args.length === 0) {
		return running('anvil', variable, process.env[variable]);
	}
	const port = await freePort();
	const child = spawn(
		foundry('anvil'),
		[
			...['--port', `${port}`, '--chain-id', `${CHAIN_ID}`, '--hardfork', 'osaka'],
			...['--mnemonic', PHRASE, '--balance', '1000000'],
			...(args.length > 0 ? args : ['--steps-tracing']),
		],
		{ stdio: ['ignore', 'pipe', 'inherit'] },
	);
	const ended = new Promise((resolve) => child.on('exit', resolve));
	process.on('exit', () => child.kill('SIGKILL'));
	await new Promise((resolve, reject) => {
		createInterface({ input: child.stdout }).on('line', (line) => {
			if (line.startsWith('Listening on')) resolve();
		});
		child.on('error', reject);
		ended.then((code) => reject(new Error(`anvil ended with ${code}`)));
	});
	return {
		...running('anvil', variable, `http://127.0.0.1:${port}`),
		stop: () => {
			child.kill('SIGTERM');
			return ended;
		},
	};
}

let requests = 0;

/** Sends any JSON and gives what comes back, errors included. */
export async function post(chain, body) {
	const response = await fetch(chain.http, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
	});
	return response.json();
}

/** The answer to one request: `{ result }` or `{ error }`. */
export async function ask(chain, method, params = []) {
	requests += 1;
	const { result, error } = await post(chain, { jsonrpc: '2.0', id: requests, method, params });
	return error === undefined ? { result } : { error };
}

/** The result of one request. Throws where it is an error. */
export async function rpc(chain, method, params = []) {
	const { result, error } = await ask(chain, method, params);
	if (error) throw new Error(`${chain.name}: ${method}: ${error.message} (${error.code})`);
	return result;
}
