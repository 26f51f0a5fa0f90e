// Uses a node for a while as many clients do at once, and looks for what only time shows: an answer
// that is wrong now and then, a head that somebody misses, filters that stay, memory that grows.
// Ends with status 1 if it finds something.
//
//     BIN=… node soak.mjs [minutes]

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import * as viem from 'viem';
import { startNode } from '../node.mjs';
import { ask, CHAIN_ID, rpc } from './chain.mjs';
import { own } from './contracts.mjs';
import { Validator } from './schema.mjs';
import { Socket } from './socket.mjs';
import { account, fund, OPEN, World } from './world.mjs';

const MINUTES = Number(process.argv[2] ?? 10);
const SUBSCRIBERS = 50;
const CALLERS = 4;
const SENDERS = 10;
/** Transactions that a sender has under way. */
const UNDER_WAY = 5;
const SAMPLE = 5_000;
/** Part of the time after which caches are full and memory should stay as it is. */
const WARM = 0.4;
/** What memory may grow by after that: the smallest amount that is no noise on a busy machine. */
const GROWTH = 0.15;
const MAX_FILTERS = 1_000;
/** A filter that nobody asks for is gone after five minutes; a minute more is patience. */
const FILTER_IDLE = 6 * 60_000;
const GWEI = 10n ** 9n;
const NAME = 'soak';
const TOKEN = '0x000000000000000000000000000000000a050000';
/** Who sends. Money moves without them too, such as at the end of an era. */
const names = Array.from({ length: SENDERS }, (_, i) => `${NAME} ${i}`);
const TRANSFERS = {
	address: TOKEN,
	topics: [null, names.map((name) => viem.pad(account(name).address))],
};
const transferOf = viem.parseAbi(['function transfer(address to, uint256 value) returns (bool)']);

const begin = performance.now();
const problems = new Map();
/** Notes what must not be. */
const problem = (what) => problems.set(what, (problems.get(what) ?? 0) + 1);

/**
 * Memory of the node, a child of this process, in MiB: all that is resident, and the part that is
 * no mapped file of the database, where Linux tells.
 */
function memory() {
	const { stdout } = spawnSync('ps', ['-A', '-o', 'ppid=,pid=,rss=,comm='], { encoding: 'utf8' });
	const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/));
	const [, pid, size] = rows.find(
		([parent, , , name]) => Number(parent) === process.pid && name !== 'ps',
	);
	const status = `/proc/${pid}/status`;
	const [, own] = existsSync(status)
		? readFileSync(status, 'utf8').match(/^RssAnon:\s+(\d+) kB$/m)
		: [undefined, size];
	return { rss: Number(size) / 1_024, own: Number(own) / 1_024 };
}

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const quantity = (below) => viem.toHex(Math.floor(Math.random() * below));
const word = () => viem.keccak256(viem.toHex(Math.random().toString()));

/** One connection that listens to everything. */
async function subscriber(chain) {
	const socket = await Socket.open(chain.ws);
	const seen = { socket, heads: [], logs: [], pending: new Set() };
	socket.closed.then((why) => {
		if (!seen.done) problem(`a subscriber was cut off: ${why}`);
	});
	await socket.subscribe(['newHeads'], (head) => {
		const last = seen.heads.at(-1);
		if (last && head.parentHash !== last.hash) problem('a head does not go on from the last one');
		seen.heads.push(head);
	});
	await socket.subscribe(['logs', TRANSFERS], (log) => seen.logs.push(log));
	await socket.subscribe(['newPendingTransactions'], (hash) => seen.pending.add(hash));
	return seen;
}

/** Requests at random, right and wrong; `code` is that of the error that must come. */
function requests(state) {
	const { me, probe, abi } = state;
	const data = (functionName, ...args) => viem.encodeFunctionData({ abi, functionName, args });
	const block = () => pick(['latest', 'pending', 'safe', 'finalized', 'earliest', state.number()]);
	const call = (functionName, ...args) => ({ from: me, to: probe, data: data(functionName, ...args) });
	const right = [
		() => ['eth_chainId'],
		() => ['eth_blockNumber'],
		() => ['eth_gasPrice'],
		() => ['eth_syncing'],
		() => ['net_version'],
		() => ['txpool_status'],
		() => ['eth_getBalance', [pick(state.addresses), 'latest']],
		() => ['eth_getTransactionCount', [pick(state.addresses), pick(['latest', 'pending'])]],
		() => ['eth_getCode', [pick([probe, me, TOKEN]), 'latest']],
		() => ['eth_getStorageAt', [probe, quantity(8), 'latest']],
		() => ['eth_getBlockByNumber', [block(), Math.random() < 0.5]],
		() => ['eth_getBlockByHash', [pick([state.hash(), word()]), Math.random() < 0.5]],
		() => ['eth_getBlockReceipts', [state.number()]],
		() => ['eth_getTransactionByHash', [pick([state.transaction(), word()])]],
		() => ['eth_getTransactionReceipt', [pick([state.transaction(), word()])]],
		() => ['eth_getLogs', [{ fromBlock: state.number(), toBlock: 'latest', address: TOKEN }]],
		() => ['eth_feeHistory', [viem.toHex(1 + Math.floor(Math.random() * 20)), 'latest', [10, 90]]],
		() => ['eth_call', [call('number'), 'latest']],
		() => ['eth_estimateGas', [call('noteTwice', 'soak')]],
		() => ['eth_createAccessList', [call('number'), 'latest']],
		() => ['debug_traceTransaction', [state.transaction(), { tracer: 'callTracer' }]],
		() => ['eth_getHeaderByNumber', ['latest']],
		() => ['eth_maxPriorityFeePerGas'],
		() => ['web3_sha3', [word()]],
	];
	const wrong = [
		() => ['eth_noSuchMethod', [], -32_601],
		() => ['eth_getBalance', ['0x12', 'latest'], -32_602],
		() => ['eth_getBalance', [me, 'newest'], -32_602],
		() => ['eth_getBlockByNumber', [], -32_602],
		() => ['eth_getBalance', [me, '0xffffffff'], -32_000],
		() => ['eth_call', [call('refuse', 0n), 'latest'], 3],
		() => ['eth_call', [call('refuse', 1n), 'latest'], 3],
		() => ['eth_estimateGas', [call('refuse', 3n)], 3],
		() => ['eth_call', [call('refuse', 8n), 'latest'], -32_000],
		() => ['eth_sendRawTransaction', [state.old], -32_000],
		() => ['eth_sendRawTransaction', ['0x02f8']],
		() => ['eth_getFilterChanges', [quantity(2 ** 40)], -32_000],
		() => ['eth_getLogs', [{ fromBlock: '0x0', topics: Array(9).fill(null) }], -32_602],
	];
	return () => {
		if (Math.random() < 0.75) return pick(right)();
		const [method, params, code = 'any'] = pick(wrong)();
		return [method, params, code];
	};
}

const number = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** Prints rows in columns, the first one on the left. */
function print(rows) {
	const widths = rows[0].map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
	for (const cells of rows) {
		const line = cells.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
		console.log(line.join('  ').trimEnd());
	}
}

// The state's cache grows to 1 GiB by default, which would hide what else grows.
const node = await startNode({ args: ['--dev', '--trie-cache-size', `${16 << 20}`] });
const chain = { name: 'openledger', http: node.http, ws: node.ws };
await fund(chain, [NAME, ...names]);
const world = new World(chain, NAME);
const probe = own('Probe');
const { address } = await world.deploy(probe);
const old = await world.me.signTransaction({
	...{ chainId: CHAIN_ID, type: 'eip1559', nonce: 0, gas: 21_000n, to: address, value: 1n },
	...{ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 0n },
});
const validator = new Validator();
const latencies = new Map();
let running = true;
let calls = 0;

/** Asks, takes the time, and compares the answer with the schema. */
async function timed(send, method, params = []) {
	const start = performance.now();
	const { result, error } = await send(method, params);
	if (!latencies.has(method)) latencies.set(method, []);
	latencies.get(method).push(performance.now() - start);
	calls += 1;
	const answer = error ? { error } : { result };
	validator.response({ id: 1, method, params }, { jsonrpc: '2.0', id: 1, ...answer });
	return answer;
}
const overHttp = (method, params) => ask(chain, method, params);

const subscribers = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => subscriber(chain)));
const main = await Socket.open(chain.ws);
const firstBlock = Number(await main.request('eth_blockNumber'));

// Transfers, of money and of the token, each sender with a few at a time.
const mined = [];
const sent = new Map();
const senders = await Promise.all(
	names.map(async (name) => ({
		...{ signer: account(name), underWay: 0 },
		nonce: Number(await rpc(chain, 'eth_getTransactionCount', [account(name).address, 'latest'])),
	})),
);
async function transfer(sender) {
	const to = pick(senders).signer.address;
	const args = [to, GWEI];
	const token = Math.random() < 0.5;
	const data = viem.encodeFunctionData({ abi: transferOf, functionName: 'transfer', args });
	const raw = await sender.signer.signTransaction({
		...{ chainId: CHAIN_ID, type: 'eip1559', nonce: sender.nonce, gas: 300_000n },
		...{ maxFeePerGas: 50n * GWEI, maxPriorityFeePerGas: 0n },
		...(token ? { to: TOKEN, data } : { to, value: GWEI }),
	});
	sender.nonce += 1;
	sender.underWay += 1;
	sent.set(viem.keccak256(raw), { sender, token });
	const { error } = await timed(overHttp, 'eth_sendRawTransaction', [raw]);
	if (error) problem(`a transfer was refused: ${error.message}`);
}
const blocks = [];
let following = Promise.resolve();
/** Notes what a block took, and sends as much again. */
async function follow({ hash }) {
	const { result: block } = await timed(overHttp, 'eth_getBlockByHash', [hash, false]);
	if (!block) return problem('a head has no block');
	blocks.push(block);
	for (const transaction of block.transactions) {
		const one = sent.get(transaction);
		if (!one) continue;
		mined.push(transaction);
		one.sender.underWay -= 1;
		one.mined = true;
	}
	if (!running) return undefined;
	const more = senders.flatMap((sender) => Array(UNDER_WAY - sender.underWay).fill(sender));
	// One sender's in the order of their nonces.
	for (const sender of more) await transfer(sender);
	return undefined;
}
await main.subscribe(['newHeads'], (head) => {
	following = following.then(() => follow(head)).catch((error) => problem(error.message));
});

// Calls at random, half of the callers over WebSocket, and filters, one of which is left now and then.
const state = {
	...{ me: world.me.address, probe: address, abi: probe.abi, old },
	addresses: names.map((name) => account(name).address),
	number: () => (blocks.length ? pick(blocks).number : 'latest'),
	hash: () => (blocks.length ? pick(blocks).hash : word()),
	transaction: () => (mined.length ? pick(mined.slice(-200)) : word()),
};
const request = requests(state);
const abandoned = [];
async function caller(send) {
	while (running) {
		const [method, params, code] = request();
		// What is not there yet when it is asked for is no error of the node.
		const early = mined.length === 0;
		const { error } = await timed(send, method, params);
		if (error && code === undefined && !early) problem(`${method}: ${error.message}`);
		if (code !== undefined && !error) problem(`${method} ${JSON.stringify(params)} is not refused`);
		if (error && typeof code === 'number' && error.code !== code) {
			problem(`${method}: ${error.message} (${error.code}), not ${code}`);
		}
	}
}
async function filters(send) {
	const kinds = [
		['eth_newFilter', [{ address: TOKEN }]],
		['eth_newBlockFilter'],
		['eth_newPendingTransactionFilter'],
	];
	const must = async (...what) => {
		const { result, error } = await timed(send, ...what);
		if (error) problem(`${what[0]}: ${error.message}`);
		return result;
	};
	while (running) {
		const id = await must(...pick(kinds));
		await new Promise((resolve) => setTimeout(resolve, 250));
		await must('eth_getFilterChanges', [id]);
		if (Math.random() < 0.05) abandoned.push(performance.now());
		else if (!(await must('eth_uninstallFilter', [id]))) problem('a filter was not there');
	}
}
const sockets = await Promise.all(
	Array.from({ length: CALLERS / 2 }, () => Socket.open(chain.ws)),
);
const work = [
	...sockets.map((socket) => caller((...what) => socket.ask(...what))),
	...Array.from({ length: CALLERS / 2 }, () => caller(overHttp)),
	filters(overHttp),
];

// The time goes by; memory is looked at.
const samples = [];
const started = performance.now();
const end = started + MINUTES * 60_000;
while (performance.now() < end && problems.size < 20) {
	const next = Math.min(SAMPLE, end - performance.now());
	await new Promise((resolve) => setTimeout(resolve, next));
	const at = (performance.now() - started) / 60_000;
	samples.push({ at, ...memory(), calls, mined: mined.length, blocks: blocks.length });
}
running = false;
const seconds = (performance.now() - started) / 1_000;
await Promise.all(work);

// All that was sent must get into a block, and all listeners must have heard of it.
const late = performance.now() + 60_000;
while ([...sent.values()].some((one) => !one.mined) && performance.now() < late) {
	await new Promise((resolve) => setTimeout(resolve, 200));
	await following;
}
const lost = [...sent.values()].filter((one) => !one.mined).length;
if (lost > 0) problem(`${lost} transfers never got into a block`);
const last = blocks.at(-1);
const tokens = [...sent.values()].filter(({ token }) => token).length;
const logs = await rpc(chain, 'eth_getLogs', [
	{ ...TRANSFERS, fromBlock: viem.toHex(firstBlock), toBlock: last.number },
]);
if (logs.length !== tokens) problem(`${logs.length} logs of ${tokens} transfers`);
for (const one of subscribers) {
	const first = Number(one.heads[0]?.number);
	const heads = one.heads.filter(({ number: height }) => Number(height) <= Number(last.number));
	if (heads.length !== Number(last.number) - first + 1) problem('a subscriber misses a head');
	if (first > Number(blocks[0].number)) problem('a subscriber misses the first head');
	const told = one.logs.filter(({ blockNumber }) => Number(blockNumber) <= Number(last.number));
	if (told.length !== tokens) problem(`a subscriber has ${told.length} logs of ${tokens}`);
	const unheard = [...sent.keys()].filter((hash) => !one.pending.has(hash)).length;
	if (unheard > 0) problem(`a subscriber never heard of ${unheard} pending transactions`);
	one.done = true;
	await one.socket.close();
}
// As many filters as fit now: what is missing stayed open.
let free = 0;
for (; free < MAX_FILTERS; free += 1) {
	if ((await ask(chain, 'eth_newBlockFilter')).error) break;
}
const recent = abandoned.filter((at) => performance.now() - at < FILTER_IDLE).length;
const open = MAX_FILTERS - free;
if (open > recent) problem(`${open} filters are open, ${recent} of which may be`);
await Promise.all([main, ...sockets].map((socket) => socket.close()));

const mean = (list) => list.reduce((sum, { own }) => sum + own, 0) / list.length;
const warm = samples.filter(({ at }) => at >= MINUTES * WARM && at < MINUTES * (WARM + 0.2));
const final = samples.filter(({ at }) => at >= MINUTES * 0.8);
const growth = mean(final) / mean(warm) - 1;
if (growth > GROWTH) problem(`memory grew by ${number(growth * 100)} % after it was warm`);
for (const what of validator.faults.keys()) problem(`not as Ethereum's schema: ${what}`);
await node.stop();

const [{ model }] = cpus();
const machine = `${model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
console.log(`${machine}; ${number(seconds)} s, ${SUBSCRIBERS} subscribers, ${CALLERS} callers`);
const step = Math.max(1, Math.floor(samples.length / 12));
print([
	['minute', 'resident, MiB', 'without files, MiB', 'blocks', 'calls', 'transfers'],
	...samples
		.filter((_, i) => (i + 1) % step === 0)
		.map((one) => [
			...[one.at.toFixed(1), number(one.rss), number(one.own)],
			...[one.blocks, one.calls, one.mined].map(String),
		]),
]);
console.log('');
print([
	['method', 'calls', 'per second', 'p50, ms', 'p99, ms', 'most, ms'],
	...[...latencies]
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([method, all]) => {
			const sorted = all.sort((a, b) => a - b);
			const at = (part) => number(sorted[Math.min(all.length - 1, Math.floor(part * all.length))]);
			return [method, `${all.length}`, number(all.length / seconds), at(0.5), at(0.99), at(1)];
		}),
]);
console.log(`
${number(calls / seconds)} calls and ${number(mined.length / seconds)} transfers per second
${blocks.length} heads and ${logs.length} logs reached all ${SUBSCRIBERS} subscribers
memory without files: ${number(mean(warm))} MiB when warm, ${number(mean(final))} MiB at the end
filters: ${open} open at the end, ${recent} of them left behind on purpose and not yet due`);
for (const [what, count] of problems) console.log(`PROBLEM, ${count} times: ${what}`);
if (problems.size > 0) process.exitCode = 1;
console.log(`took ${number((performance.now() - begin) / 1_000)} s with preparation`);
