// Starts real nodes for tests, waits for what they report, ends them, and keeps their logs when a
// test failed.
//
//     const node = await startNode();            // a development chain on free ports
//     const api = await connect(node);           // polkadot-js, no types of our own
//     ...
//     await api.disconnect(); await node.stop();
//
// The binary is $BIN, or the one that the build leaves in the cache.

import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiPromise, WsProvider } from '@polkadot/api';
import { Keyring } from '@polkadot/keyring';
import { hexToU8a, u8aConcat } from '@polkadot/util';
import { base58Encode, ed25519PairFromSeed } from '@polkadot/util-crypto';

/** Milliseconds after which a wait for something on a running chain gives up. */
export const PATIENCE = 120_000;
/** The same for a start, in which the runtime is compiled: seconds, but not on a busy machine. */
const START_PATIENCE = 600_000;

const LOG_LINES = 30;
const nodes = new Set();
const folder = mkdtempSync(join(tmpdir(), 'openledger-e2e-'));
const cache =
	process.env.OPENLEDGER_CACHE ??
	join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'openledger');

/** The path of the node's binary. Throws, saying how to get one, if there is none. */
export function binary() {
	const path = process.env.BIN ?? join(cache, 'target/release/openledger');
	if (!existsSync(path)) {
		throw new Error(`no node at ${path}: build it (cargo build --release), or set BIN`);
	}
	return path;
}

/** A new folder, deleted at the end of the process unless a test failed. */
export function temporaryFolder(name) {
	return mkdtempSync(join(folder, `${name}-`));
}

/** A TCP port that nobody listens on now, for what must be known before the node runs. */
export function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.on('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const { port } = server.address();
			server.close(() => resolve(port));
		});
	});
}

/**
 * The peer id of a node with this secret key (64 hexadecimal digits): base58 of the identity
 * multihash of its Ed25519 public key in libp2p's protobuf, so that others can be told before it
 * runs.
 */
export function peerId(nodeKey) {
	const { publicKey } = ed25519PairFromSeed(hexToU8a(`0x${nodeKey}`));
	const key = u8aConcat([0x08, 0x01, 0x12, publicKey.length], publicKey);
	return base58Encode(u8aConcat([0x00, key.length], key));
}

/** The address of a development account, such as `//Alice//stash`. */
export function devAccount(path) {
	return new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri(path).address;
}

/** Runs a command of the binary to its end and gives what it prints. Throws if it fails. */
export function run(...args) {
	const { status, stdout, stderr, error } = spawnSync(binary(), args, {
		encoding: 'utf8',
		maxBuffer: 1 << 28,
	});
	if (error) throw error;
	if (status !== 0) throw new Error(`openledger ${args.join(' ')}: exit ${status}\n${stderr}`);
	return stdout;
}

let chains = process.env.OPENLEDGER_CHAINS;

/**
 * A file with the raw genesis of a chain of this name. To build it from the preset takes longer than
 * all else of a start, so `chains` does that once for all tests.
 */
export function rawChain(name) {
	chains ??= temporaryFolder('chains');
	const file = join(chains, `${name}.json`);
	if (!existsSync(file)) writeFileSync(file, run('export-chain-spec', '--chain', name, '--raw'));
	return file;
}

/** The arguments for a development chain, and more. */
export function development(...more) {
	return ['--dev', '--chain', rawChain('dev'), ...more];
}

/**
 * Starts a node and waits until it answers RPC.
 *
 * @param {object} [options]
 * @param {string} [options.name] names its log
 * @param {string[]} [options.args] which chain, which keys; a development chain if absent
 * @param {string} [options.basePath] its data, kept between starts; nothing is kept if absent
 * @param {string} [options.nodeKey] its secret key among peers, 64 hexadecimal digits: a must for
 *   validators of other chains than the development one
 * @param {number} [options.port] its port for peers; any free one if absent
 * @returns {Promise<Node>}
 */
export async function startNode({
	name = 'dev',
	args = development(),
	basePath,
	nodeKey,
	port = 0,
} = {}) {
	const node = new Node(name, [
		...args,
		...(nodeKey ? ['--node-key', nodeKey] : []),
		...(basePath ? ['--base-path', basePath] : ['--tmp']),
		// Port 0: the system chooses, and the node reports what.
		...['--rpc-port', '0', '--port', `${port}`],
		// Other nodes of this machine are none of ours.
		...['--no-mdns', '--no-prometheus', '--no-telemetry'],
	]);
	const listening = /Running JSON-RPC server: addr=(127\.0\.0\.1:\d+)/;
	const [, address] = await node.logged(listening, START_PATIENCE).catch((error) => {
		node.abandon();
		throw error;
	});
	node.http = `http://${address}`;
	node.ws = `ws://${address}`;
	return node;
}

/** A running node. `http` and `ws` are its addresses, for Substrate and Ethereum RPC alike. */
export class Node {
	#lines = [];
	#waiting = new Set();
	#process;

	constructor(name, args) {
		this.name = name;
		this.log = join(temporaryFolder(name), 'node.log');
		this.#process = spawn(binary(), args, { stdio: ['ignore', 'ignore', 'pipe'] });
		nodes.add(this);
		const fail = (how) => {
			for (const wait of this.#waiting) wait.fail(`${name} ${how}`);
		};
		/** Resolves when the process is gone. */
		this.ended = new Promise((resolve) => {
			this.#process.on('exit', resolve);
			this.#process.on('error', (error) => {
				resolve();
				fail(`could not start: ${error.message}`);
			});
		});
		this.ended.then(() => nodes.delete(this));
		// Later than the end: all of its log has been read.
		this.#process.on('close', (code, signal) => fail(`ended with ${signal ?? code}`));
		const file = createWriteStream(this.log);
		this.#process.stderr.pipe(file);
		createInterface({ input: this.#process.stderr }).on('line', (line) => {
			this.#lines.push(line);
			for (const wait of this.#waiting) wait.read(line);
		});
	}

	/** The first match of `pattern` in what the node logged or will log. */
	logged(pattern, patience = PATIENCE) {
		for (const line of this.#lines) {
			const match = line.match(pattern);
			if (match) return Promise.resolve(match);
		}
		return new Promise((resolve, reject) => {
			const end = () => {
				clearTimeout(timer);
				this.#waiting.delete(wait);
			};
			const wait = {
				read: (line) => {
					const match = line.match(pattern);
					if (match) (end(), resolve(match));
				},
				fail: (why) => {
					end();
					reject(new Error(`${why} before it logged ${pattern}\n${this.tail()}`));
				},
			};
			const timer = setTimeout(
				() => wait.fail(`${this.name}: ${patience / 1_000} s went by`),
				patience,
			);
			this.#waiting.add(wait);
		});
	}

	/** The last lines of the log. */
	tail() {
		return this.#lines.slice(-LOG_LINES).join('\n');
	}

	/** Asks the node to end and waits until it has. */
	async stop() {
		this.#process.kill('SIGTERM');
		await this.ended;
	}

	/** Ends the node without warning, as a power cut would, and waits until it is gone. */
	async kill() {
		this.#process.kill('SIGKILL');
		await this.ended;
	}

	/** Sends SIGKILL and does not wait: for the end of this process. */
	abandon() {
		this.#process.kill('SIGKILL');
	}
}

/** polkadot-js on a node, as a wallet has it: everything it knows comes from the node. */
export async function connect(node) {
	const provider = new WsProvider(node.ws, 1_000);
	// Its messages on extensions that it does not know are checked by tests instead.
	const api = new ApiPromise({ provider, noInitWarn: true });
	await api.isReadyOrError;
	return api;
}

/**
 * The first value of a polkadot-js subscription that `accept` takes.
 *
 * @param {(callback: (value: any) => void) => Promise<() => void>} subscribe
 * @param {(value: any) => boolean | Promise<boolean>} accept
 * @param {string} what is waited for, for the error
 */
export function awaited(subscribe, accept, what) {
	return new Promise((resolve, reject) => {
		let done = false;
		const end = (settle, value) => {
			if (done) return;
			done = true;
			clearTimeout(timer);
			unsubscribed.then((unsubscribe) => unsubscribe()).catch(() => {});
			settle(value);
		};
		const timer = setTimeout(
			() => end(reject, new Error(`${PATIENCE / 1_000} s went by without ${what}`)),
			PATIENCE,
		);
		const unsubscribed = subscribe(async (value) => {
			try {
				if (await accept(value)) end(resolve, value);
			} catch (error) {
				end(reject, error);
			}
		});
		unsubscribed.catch((error) => end(reject, error));
	});
}

/** Waits until block `number` is final and gives the newest final header. */
export function finalized(api, number) {
	return awaited(
		(callback) => api.rpc.chain.subscribeFinalizedHeads(callback),
		(header) => header.number.toNumber() >= number,
		`block ${number} being final`,
	);
}

/**
 * Signs a call, waits until it is in a block, and gives the block and its events.
 *
 * @throws {Error} with the name of the pallet's error if the call failed
 */
export function send(call, pair, options = {}) {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() => reject(new Error(`${PATIENCE / 1_000} s went by without a block for the call`)),
			PATIENCE,
		);
		call.signAndSend(pair, { nonce: -1, ...options }, ({ status, events, dispatchError }) => {
			if (status.isInvalid || status.isDropped || status.isUsurped) {
				clearTimeout(timer);
				reject(new Error(`the pool says ${status.type}`));
			}
			if (!status.isInBlock) return;
			clearTimeout(timer);
			if (dispatchError) {
				const { registry } = dispatchError;
				const error = dispatchError.isModule && registry.findMetaError(dispatchError.asModule);
				reject(new Error(error ? `${error.section}.${error.name}` : `${dispatchError}`));
			} else {
				resolve({ block: status.asInBlock, events: events.map(({ event }) => event) });
			}
		}).catch((error) => {
			clearTimeout(timer);
			reject(error);
		});
	});
}

/** The data of the one event of this name. Throws if there is none, or more than one. */
export function only(events, section, method) {
	const found = events.filter((event) => event.section === section && event.method === method);
	if (found.length !== 1) {
		const all = events.map((event) => `${event.section}.${event.method}`).join(', ');
		throw new Error(`${found.length} events ${section}.${method} among: ${all}`);
	}
	return found[0].data;
}

process.on('exit', () => {
	for (const node of nodes) node.abandon();
	if (process.exitCode) console.error(`the logs of the nodes are in ${folder}`);
	else rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
	process.on(signal, () => process.exit(1));
}
