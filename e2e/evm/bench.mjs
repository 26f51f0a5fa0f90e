// Measures the node's Ethereum side against anvil's, both on this machine in one run: reads, traces,
// inclusion, and transfers end to end. Prints a table and writes bench-results/eth.json.
//
//     BIN=… node bench.mjs [transfers]

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, totalmem } from 'node:os';
import * as viem from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { connect } from '../node.mjs';
import { ALITH, anvil, CHAIN_ID, openledger, rpc } from './chain.mjs';
import { own } from './contracts.mjs';
import { account, clients, fund, OPEN, World } from './world.mjs';

const BLOCK_TIME = 3;
const READS = 400;
/** Of requests that take longer. */
const FEWER_READS = 100;
/** Blocks that `eth_getLogs` is asked for: as many as one request may. */
const RANGE = 10_000;
/** Transactions with a log in that range: more than either chain keeps decoded. */
const LOGS = 100;
/** Transactions in the block that is read whole. */
const FULL = 100;
/** Attempts to get a block with just so many. */
const TRIES = 10;
/** Milliseconds between two lines on how far it is. */
const PATIENT = 5_000;
const INCLUSIONS = 100;
/** Accounts that send at once, as a chain's users do. */
const SENDERS = 20;
const BATCH = 50;
const TRANSFERS = Number(process.argv[2] ?? 2_000);
const GWEI = 10n ** 9n;
const fees = {
	...{ maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 0n, type: 'eip1559', chainId: CHAIN_ID },
};

const agent = new Agent({ keepAlive: true });

/** Sends JSON on a kept connection and gives the answer: less of a client than fetch is. */
function post(chain, body) {
	return new Promise((resolve, reject) => {
		const text = JSON.stringify(body);
		const length = Buffer.byteLength(text);
		const headers = { 'content-type': 'application/json', 'content-length': length };
		const call = request(chain.http, { method: 'POST', agent, headers }, (response) => {
			let answer = '';
			response.setEncoding('utf8');
			response.on('data', (data) => {
				answer += data;
			});
			response.on('end', () => resolve(JSON.parse(answer)));
		});
		call.on('error', reject);
		call.end(text);
	});
}

const percentile = (sorted, part) =>
	sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];

/** Median milliseconds of a request on each chain; they take turns, so that noise meets both. */
async function compared(chains, requests, times = READS) {
	const taken = chains.map(() => []);
	for (let i = 0; i < times; i += 1) {
		for (const [k, chain] of chains.entries()) {
			const begin = performance.now();
			const { error } = await post(chain, { jsonrpc: '2.0', id: i, ...requests[k] });
			taken[k].push(performance.now() - begin);
			if (error) throw new Error(`${chain.name}: ${error.message}`);
		}
	}
	return taken.map((all) => percentile(all.sort((a, b) => a - b), 0.5));
}

/** Calls back with the hashes of each new block, until told to stop. */
function watch(chain, from, seen) {
	let next = from;
	let stopped = false;
	const end = (async () => {
		while (!stopped) {
			const newest = Number(await rpc(chain, 'eth_blockNumber'));
			for (; next <= newest; next += 1) {
				const block = await rpc(chain, 'eth_getBlockByNumber', [viem.toHex(next), false]);
				// Known by number a little before its content is.
				if (!block) break;
				seen(block, performance.now());
			}
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
	})();
	return () => {
		stopped = true;
		return end;
	};
}

/** Sends signed transactions and gives the blocks and times at which they were included. */
async function included(chain, raw, send) {
	const hashes = new Set(raw.map((one) => viem.keccak256(one)));
	const times = new Map();
	const blocks = [];
	const start = Number(await rpc(chain, 'eth_blockNumber')) + 1;
	let finish;
	const done = new Promise((resolve) => {
		finish = resolve;
	});
	const stop = watch(chain, start, (block, at) => {
		blocks.push(block);
		for (const hash of block.transactions) {
			if (hashes.delete(hash)) times.set(hash, at);
		}
		if (hashes.size === 0) finish();
	});
	const begin = performance.now();
	await send();
	const patience = setTimeout(() => finish(new Error(`${hashes.size} never came`)), 180_000);
	const late = await done;
	clearTimeout(patience);
	await stop();
	if (late) throw new Error(`${chain.name}: ${late.message}`);
	return { begin, times, blocks };
}

/** Transactions per second from the first request to the block with the last of them. */
async function throughput(chain, raw) {
	const { begin, times, blocks } = await included(chain, raw, async () => {
		const batches = [];
		for (let i = 0; i < raw.length; i += BATCH) batches.push(raw.slice(i, i + BATCH));
		const work = async () => {
			for (let batch = batches.shift(); batch; batch = batches.shift()) {
				const answers = await post(
					chain,
					batch.map((one, id) => ({
						...{ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [one] },
					})),
				);
				const failed = answers.find(({ error }) => error);
				if (failed) throw new Error(`${chain.name}: ${failed.error.message}`);
			}
		};
		await Promise.all([work(), work(), work(), work()]);
	});
	const seconds = (Math.max(...times.values()) - begin) / 1_000;
	const size = ({ transactions }) => transactions.length;
	const fullest = blocks.reduce((one, other) => (size(other) > size(one) ? other : one));
	return { perSecond: raw.length / seconds, most: size(fullest), fullest: Number(fullest.number) };
}

/**
 * How many of the transactions of a block its weight limit lets in every second, and how much of
 * the limit the block used.
 */
async function bound(chain, { fullest, most }) {
	const api = await connect(chain);
	try {
		const at = await api.at(await api.rpc.chain.getBlockHash(fullest));
		const used = (await at.query.system.blockWeight()).normal.refTime.toNumber();
		const limits = api.consts.system.blockWeights.perClass.normal;
		const limit = limits.maxTotal.unwrap().refTime.toNumber();
		return { perSecond: limit / (used / most) / BLOCK_TIME, share: used / limit };
	} finally {
		await api.disconnect();
	}
}

/** Milliseconds from request to inclusion, of transactions sent evenly over time. */
async function latencies(chain, raw) {
	const sent = new Map();
	const { times } = await included(chain, raw, async () => {
		for (const one of raw) {
			const hash = viem.keccak256(one);
			sent.set(hash, performance.now());
			await rpc(chain, 'eth_sendRawTransaction', [one]);
			await new Promise((resolve) => setTimeout(resolve, 170));
		}
	});
	return [...times].map(([hash, at]) => at - sent.get(hash)).sort((a, b) => a - b);
}

/** `count` signed transactions of many senders, their nonces in order. */
async function signed(chain, count, request) {
	const raw = [];
	const names = Array.from({ length: SENDERS }, (_, i) => `bench ${i}`);
	const { reader } = new World(chain, 'bench');
	const nonces = await Promise.all(
		names.map((name) => reader.getTransactionCount({ address: account(name).address })),
	);
	for (let i = 0; i < count; i += 1) {
		const k = i % SENDERS;
		const nonce = nonces[k] + Math.floor(i / SENDERS);
		raw.push(await account(names[k]).signTransaction({ ...fees, ...request, nonce }));
	}
	return raw;
}

const number = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

/** The lines of the table, and what the file gets. */
const rows = [];
const results = {};

function row(name, ours, theirs, ratio) {
	rows.push([name, number(ours), number(theirs), ratio ? ratio.toFixed(2) : '']);
}

/** Measures a request; the file gets the ratio under `key`, where there is one. */
async function read(chains, name, requests, { key, times = READS } = {}) {
	const [ours, theirs] = await compared(chains, requests, times);
	if (key) results[key] = ours / theirs;
	row(`${name}, ms`, ours, theirs, ours / theirs);
}

const encodeTransfer = ({ abi }, to, value) =>
	viem.encodeFunctionData({ abi, functionName: 'transfer', args: [to, value] });

/** On chains with a block each slot: calls, inclusion, and transactions per second. */
async function slots() {
	const chains = await Promise.all([
		openledger(),
		// Blocks as often as ours, and room in them, so that it is not its limit that is measured.
		anvil(['--block-time', `${BLOCK_TIME}`, '--gas-limit', '1000000000']),
	]);
	try {
		const senders = Array.from({ length: SENDERS }, (_, i) => `bench ${i}`);
		const worlds = chains.map((chain) => new World(chain, 'bench'));
		const tokens = await Promise.all(
			chains.map(async (chain, k) => {
				await fund(chain, ['bench', ...senders], 100n * OPEN);
				return worlds[k].deploy(own('Token'), 'Token', 10n ** 24n);
			}),
		);
		await Promise.all(
			chains.map(async (chain, k) => {
				for (const name of senders) {
					const data = encodeTransfer(tokens[k], account(name).address, 10n ** 18n);
					const nonce = await worlds[k].reader.getTransactionCount({
						...{ address: worlds[k].me.address, blockTag: 'pending' },
					});
					const { address: to } = tokens[k];
					await worlds[k].wallet.sendTransaction({ to, data, nonce, gas: 200_000n });
				}
			}),
		);

		const to = account('bench: receiver').address;
		const transfer = { to, value: 1n, gas: 21_000n };
		const flows = { transfers: [], erc20: [], waits: [] };
		for (const [k, chain] of chains.entries()) {
			const data = encodeTransfer(tokens[k], to, 1n);
			flows.waits.push(await latencies(chain, await signed(chain, INCLUSIONS, transfer)));
			flows.transfers.push(await throughput(chain, await signed(chain, TRANSFERS, transfer)));
			const { address } = tokens[k];
			const calls = await signed(chain, TRANSFERS / 2, { to: address, data, gas: 100_000n });
			flows.erc20.push(await throughput(chain, calls));
		}
		flows.weight = await bound(chains[0], flows.transfers[0]);

		const balance = (token) => ({
			to: token.address,
			data: viem.encodeFunctionData({
				...{ abi: token.abi, functionName: 'balanceOf', args: [worlds[0].me.address] },
			}),
		});
		await read(
			chains,
			'eth_call',
			tokens.map((token) => ({ method: 'eth_call', params: [balance(token), 'latest'] })),
			{ key: 'eth_call_ratio' },
		);
		return flows;
	} finally {
		await Promise.all(chains.map((chain) => chain.stop()));
	}
}

/**
 * Gives a chain that makes blocks on request a past: a token, transfers of it over a long range, a
 * block with many, one with a single one, and one with none.
 */
async function past(chain, mine) {
	const { abi, bytecode } = own('Token');
	const alith = privateKeyToAccount(ALITH);
	const wallet = clients(chain).wallet(alith);
	const args = ['Token', 10n ** 24n];
	await wallet.sendTransaction({ data: viem.encodeDeployData({ abi, bytecode, args }) });
	await mine(1);
	const token = { abi, address: viem.getContractAddress({ from: alith.address, nonce: 0n }) };
	const data = encodeTransfer(token, account('bench: receiver').address, 1n);
	let nonce = 0;
	const transfer = () => {
		nonce += 1;
		return wallet.sendTransaction({ ...fees, to: token.address, data, nonce, gas: 100_000n });
	};
	const newest = () => rpc(chain, 'eth_blockNumber');
	/** The number of a block with so many transfers, and the hash of its first one. */
	const filled = async (count) => {
		for (let tries = 0; tries < TRIES; tries += 1) {
			for (let i = 0; i < count; i += 1) await transfer();
			await mine(1);
			const number = await newest();
			const { transactions } = await rpc(chain, 'eth_getBlockByNumber', [number, false]);
			if (transactions.length === count) return { number, first: transactions[0] };
			// Some came while the pool did not yet know the last block: they are in the next one.
			await mine(1);
		}
		throw new Error(`${chain.name}: no block with just ${count} transactions`);
	};

	const before = Number(await newest());
	const step = RANGE / LOGS;
	let told = performance.now();
	for (let mined = step; mined <= RANGE; mined += step) {
		await mine(step / 2);
		await transfer();
		await mine(step / 2);
		if (performance.now() < told + PATIENT) continue;
		told = performance.now();
		console.error(`${chain.name}: ${mined} of ${RANGE} blocks`);
	}
	const logs = {
		address: token.address,
		...{ fromBlock: viem.toHex(before + 1), toBlock: await newest() },
	};
	// What is compared is alike.
	assert.equal(Number(logs.toBlock) - before, RANGE);
	assert.equal((await rpc(chain, 'eth_getLogs', [logs])).length, LOGS);
	const { number: full } = await filled(FULL);
	const { first: single } = await filled(1);
	const { number: empty } = await filled(0);
	return { logs, full, single, empty };
}

/** On chains that stand still: what they have of the past. */
async function stills() {
	const chains = await Promise.all([
		openledger(['--sealing', 'manual']),
		// It keeps the states of as many blocks as ours.
		anvil(['--no-mining', '--prune-history', '256']),
	]);
	const mine = [
		(blocks) => rpc(chains[0], 'evm_mine', [{ blocks }]),
		(blocks) => rpc(chains[1], 'anvil_mine', [viem.toHex(blocks)]),
	];
	try {
		const pasts = await Promise.all(chains.map((chain, k) => past(chain, mine[k])));
		const on = (method, params) => pasts.map((one) => ({ method, params: params(one) }));
		// What a request takes without any work.
		await read(chains, 'eth_chainId', on('eth_chainId', () => []));
		await read(
			...[chains, `eth_getLogs, ${RANGE} blocks, ${LOGS} logs`],
			on('eth_getLogs', ({ logs }) => [logs]),
			{ key: 'get_logs_ratio', times: FEWER_READS },
		);
		await read(
			...[chains, `eth_getBlockByNumber, ${FULL} transactions`],
			on('eth_getBlockByNumber', ({ full }) => [full, true]),
			{ key: 'get_block_ratio' },
		);
		await read(
			...[chains, 'eth_getBlockByNumber, none'],
			on('eth_getBlockByNumber', ({ empty }) => [empty, true]),
			{ key: 'get_empty_block_ratio' },
		);
		for (const [tracer, key] of [['callTracer', 'call'], ['prestateTracer', 'prestate']]) {
			await read(
				...[chains, `debug_traceTransaction, ${tracer}, an ERC-20 transfer`],
				on('debug_traceTransaction', ({ single }) => [single, { tracer }]),
				{ key: `trace_${key}_ratio`, times: FEWER_READS },
			);
		}
	} finally {
		await Promise.all(chains.map((chain) => chain.stop()));
	}
}

async function main() {
	own('Token');
	const { transfers, erc20, waits, weight } = await slots();
	await stills();
	results.transfers_per_second = transfers[0].perSecond;
	results.transfers_bound_per_second = weight.perSecond;
	results.anvil_transfers_per_second = transfers[1].perSecond;
	results.erc20_transfers_per_second = erc20[0].perSecond;
	results.anvil_erc20_transfers_per_second = erc20[1].perSecond;
	results.inclusion_ms_p50 = percentile(waits[0], 0.5);
	results.inclusion_ms_p99 = percentile(waits[0], 0.99);
	row('inclusion, p50, ms', ...waits.map((all) => percentile(all, 0.5)));
	row('inclusion, p99, ms', ...waits.map((all) => percentile(all, 0.99)));
	row('transfers per second', ...transfers.map(({ perSecond }) => perSecond));
	row('most transfers in a block', ...transfers.map(({ most }) => most));
	row('ERC-20 transfers per second', ...erc20.map(({ perSecond }) => perSecond));

	const [{ model }] = cpus();
	const memory = Math.round(totalmem() / 2 ** 30);
	console.log(`${model.trim()}, ${cpus().length} cores, ${memory} GiB, node ${process.version}`);
	console.log(`a block each ${BLOCK_TIME} s on both; ${TRANSFERS} transfers of ${SENDERS} senders`);
	const table = [['', 'openledger', 'anvil', 'ratio'], ...rows];
	const widths = [0, 1, 2, 3].map((i) => Math.max(...table.map((cells) => cells[i].length)));
	for (const [name, ...cells] of table) {
		const right = cells.map((cell, i) => cell.padStart(widths[i + 1]));
		console.log(`${name.padEnd(widths[0])}  ${right.join('  ')}`);
	}
	const percent = number(weight.share * 100);
	console.log(
		`the weight of a block allows ${number(weight.perSecond)} transfers per second; ` +
			`the fullest block used ${percent} % of it`,
	);

	const folder = new URL('../../bench-results/', import.meta.url);
	mkdirSync(folder, { recursive: true });
	const rounded = Object.entries(results).map(([key, value]) => [key, Number(value.toFixed(3))]);
	const file = new URL('eth.json', folder);
	writeFileSync(file, `${JSON.stringify(Object.fromEntries(rounded), null, '\t')}\n`);
}

try {
	await main();
} finally {
	agent.destroy();
}
