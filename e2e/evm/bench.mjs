// Measures the node's Ethereum side against anvil's, both on this machine in one run: reads,
// inclusion, and transfers end to end. Prints a table and writes bench-results/eth.json.
//
//     BIN=… node bench.mjs [transfers]

import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus, totalmem } from 'node:os';
import * as viem from 'viem';
import { connect } from '../node.mjs';
import { anvil, CHAIN_ID, openledger, rpc } from './chain.mjs';
import { own } from './contracts.mjs';
import { account, fund, OPEN, World } from './world.mjs';

const BLOCK_TIME = 3;
const READS = 400;
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

async function main() {
	own('Token');
	const chains = await Promise.all([
		openledger(),
		// Blocks as often as ours, and room in them, so that it is not its limit that is measured.
		anvil(['--block-time', `${BLOCK_TIME}`, '--gas-limit', '1000000000']),
	]);
	const rows = [];
	const row = (name, ours, theirs, ratio) => {
		rows.push([name, number(ours), number(theirs), ratio ? ratio.toFixed(2) : '']);
	};
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
					const args = [account(name).address, 10n ** 18n];
					const { abi, address: to } = tokens[k];
					const data = viem.encodeFunctionData({ abi, functionName: 'transfer', args });
					const nonce = await worlds[k].reader.getTransactionCount({
						...{ address: worlds[k].me.address, blockTag: 'pending' },
					});
					await worlds[k].wallet.sendTransaction({ to, data, nonce, gas: 200_000n });
				}
			}),
		);

		const to = account('bench: receiver').address;
		const transfer = { to, value: 1n, gas: 21_000n };
		const results = {};
		const flows = { transfers: [], erc20: [] };
		const waits = [];
		for (const [k, chain] of chains.entries()) {
			const { abi, address } = tokens[k];
			const data = viem.encodeFunctionData({ abi, functionName: 'transfer', args: [to, 1n] });
			waits.push(await latencies(chain, await signed(chain, INCLUSIONS, transfer)));
			flows.transfers.push(await throughput(chain, await signed(chain, TRANSFERS, transfer)));
			const calls = await signed(chain, TRANSFERS / 2, { to: address, data, gas: 100_000n });
			flows.erc20.push(await throughput(chain, calls));
		}

		const balance = (token) => ({
			to: token.address,
			data: viem.encodeFunctionData({
				...{ abi: token.abi, functionName: 'balanceOf', args: [worlds[0].me.address] },
			}),
		});
		const read = async (name, key, requests, times) => {
			const [ours, theirs] = await compared(chains, requests, times);
			results[key] = ours / theirs;
			row(`${name}, ms`, ours, theirs, ours / theirs);
		};
		await read(
			'eth_call',
			'eth_call_ratio',
			tokens.map((token) => ({ method: 'eth_call', params: [balance(token), 'latest'] })),
		);
		const newest = await Promise.all(chains.map((chain) => rpc(chain, 'eth_blockNumber')));
		await read(
			`eth_getLogs, ${TRANSFERS / 2 + SENDERS + 1} logs, ${newest.map(Number).join(' and ')} blocks`,
			'get_logs_ratio',
			tokens.map(({ address }) => ({
				method: 'eth_getLogs',
				params: [{ fromBlock: '0x0', toBlock: 'latest', address }],
			})),
			READS / 10,
		);
		await read(
			'eth_getBlockByNumber',
			'get_block_ratio',
			chains.map(() => ({ method: 'eth_getBlockByNumber', params: ['0x1', true] })),
		);

		const [transfers, theirTransfers] = flows.transfers;
		const [erc20, theirErc20] = flows.erc20;
		const weight = await bound(chains[0], transfers);
		results.transfers_per_second = transfers.perSecond;
		results.transfers_bound_per_second = weight.perSecond;
		results.anvil_transfers_per_second = theirTransfers.perSecond;
		results.erc20_transfers_per_second = erc20.perSecond;
		results.anvil_erc20_transfers_per_second = theirErc20.perSecond;
		results.inclusion_ms_p50 = percentile(waits[0], 0.5);
		results.inclusion_ms_p99 = percentile(waits[0], 0.99);
		row('inclusion, p50, ms', ...waits.map((all) => percentile(all, 0.5)));
		row('inclusion, p99, ms', ...waits.map((all) => percentile(all, 0.99)));
		row('transfers per second', transfers.perSecond, theirTransfers.perSecond);
		row('most transfers in a block', transfers.most, theirTransfers.most);
		row('ERC-20 transfers per second', erc20.perSecond, theirErc20.perSecond);

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
	} finally {
		agent.destroy();
		await Promise.all(chains.map((chain) => chain.stop()));
	}
}

await main();
