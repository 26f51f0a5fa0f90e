// The same requests to the node and to anvil: what they answer has the same keys, types, formats
// and, where it does not depend on the chain, values. `differences.json` lists what may differ.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readdirSync, readFileSync } from 'node:fs';
import * as viem from 'viem';
import { anvil, ask, CHAIN_ID, openledger, PATIENCE, post, rpc } from './chain.mjs';
import { Allowed, differences } from './compare.mjs';
import { own } from './contracts.mjs';
import * as programs from './programs.mjs';
import { account, fund, World } from './world.mjs';

const GWEI = 10n ** 9n;
const NAME = 'differential';
const RICH = account(NAME).address;
const folder = new URL('scenarios/', import.meta.url);
const allowed = new Allowed(new URL('differences.json', import.meta.url));

/** Replaces `$name` in parameters by what the set-up or an earlier answer gave. */
function fill(value, variables) {
	if (typeof value === 'string') {
		// What an earlier request failed to give is null.
		return value.startsWith('$') ? (variables[value.slice(1)] ?? null) : value;
	}
	if (Array.isArray(value)) return value.map((one) => fill(one, variables));
	if (value === null || typeof value !== 'object') return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, one]) => [fill(key, variables), fill(one, variables)]),
	);
}

/** The differences of two answers to a step. */
function compare({ vary = [], shape = false, error }, ours, theirs) {
	const checked = [];
	if (error) {
		// What geth says is known; anvil has words of its own, but must refuse as well.
		if (!ours.error) return [{ path: '$', what: 'no error', ours: ours.result }];
		const { code, message, data } = error;
		if (code !== undefined && ours.error.code !== code) {
			checked.push({ path: '$.code', what: 'error', ours: ours.error, theirs: code });
		}
		if (!new RegExp(message ?? '').test(ours.error.message)) {
			checked.push({ path: '$.message', what: 'error', ours: ours.error, theirs: message });
		}
		if (data && ours.error.data !== theirs.error?.data) {
			checked.push({ path: '$.data', what: 'error', ours: ours.error, theirs: theirs.error });
		}
		return checked;
	}
	if (ours.error || theirs.error) {
		if (ours.error && theirs.error) {
			const same = ['code', 'data'].every((key) => ours.error[key] === theirs.error[key]);
			const [one, other] = [ours.error, theirs.error];
			return same ? [] : [{ path: '$', what: 'error', ours: one, theirs: other }];
		}
		const what = ours.error ? 'ours fails' : 'theirs fails';
		const [one, other] = [ours, theirs].map(({ error: why, result }) => why ?? result);
		return [{ path: '$', what, ours: one, theirs: other }];
	}
	const varies = (path) => shape || vary.some((key) => path.split(/[.[\]]+/).includes(key));
	return differences(ours.result, theirs.result, varies);
}

/** Fails with all differences that are not allowed. */
function check(found) {
	const left = found.filter((one) => !allowed.has(`${one.where} ${one.path}`, one));
	const list = left.map(({ where, path, what, ours, theirs }) => {
		const short = (value) => `${JSON.stringify(value)}`.slice(0, 400);
		return `${where} ${path}: ${what}\n    ours   ${short(ours)}\n    theirs ${short(theirs)}`;
	});
	assert.ok(left.length === 0, `${left.length} differences\n${list.join('\n')}`);
}

/** Makes on a chain what the scenarios ask about; signed alike, so that hashes agree. */
async function setUp(chain) {
	const world = new World(chain, NAME);
	const { abi, bytecode } = own('Probe');
	const variables = {
		me: world.me.address.toLowerCase(),
		other: world.other('bob').address.toLowerCase(),
		nobody: '0x00000000000000000000000000000000dead0001',
		unknown: viem.keccak256('0x01'),
	};
	const data = (functionName, ...args) => viem.encodeFunctionData({ abi, functionName, args });
	const probe = viem.getContractAddress({ from: world.me.address, nonce: 0n });
	variables.probe = probe.toLowerCase();
	const gasPrice = 4n * GWEI;
	const fees = { maxFeePerGas: gasPrice, maxPriorityFeePerGas: 0n };
	const requests = {
		deployed: { data: bytecode, gas: 3_000_000n, ...fees },
		legacy: { to: probe, data: data('note', 1n, 'legacy'), gasPrice, type: 'legacy' },
		listed: {
			...{ to: probe, data: data('note', 2n, 'listed'), gasPrice, type: 'eip2930' },
			accessList: [{ address: probe, storageKeys: [viem.zeroHash] }],
		},
		priced: { to: probe, data: data('noteTwice', 'priced'), ...fees },
		failed: { to: probe, data: data('refuse', 1n), ...fees },
		filled: { to: probe, data: data('fill', 0n, 3n), ...fees },
		sent: { to: variables.other, value: 5n, gas: 21_000n, ...fees },
	};
	let nonce = 0;
	for (const [name, request] of Object.entries(requests)) {
		const raw = await world.me.signTransaction({
			...{ chainId: CHAIN_ID, gas: 1_000_000n, nonce, type: 'eip1559', ...request },
		});
		nonce += 1;
		const { result: hash, error } = await ask(chain, 'eth_sendRawTransaction', [raw]);
		if (error) throw new Error(`${chain.name}: ${name}: ${error.message}`);
		const receipt = await world.receipt(hash);
		const status = name === 'failed' ? 'reverted' : 'success';
		assert.equal(receipt.status, status, `${chain.name}: ${name}`);
		variables[name] = hash;
		variables[`${name}Raw`] = raw;
		variables[`${name}Block`] = viem.toHex(receipt.blockNumber);
		variables[`${name}BlockHash`] = receipt.blockHash;
		variables[`${name}Index`] = viem.toHex(receipt.transactionIndex);
	}
	for (const name of ['number', 'environment', 'ephemeral', 'writeStatically', 'revertInside']) {
		variables[`call${name}`] = data(name);
	}
	for (let how = 0; how < 10; how += 1) variables[`refuse${how}`] = data('refuse', BigInt(how));
	for (const most of [10, 24, 30, 200]) variables[`depth${most}`] = data('depth', BigInt(most));
	for (const count of [4, 64, 200]) {
		variables[`transient${count}`] = data('transientWords', BigInt(count));
	}
	for (const kib of [64, 1_000, 2_000, 9_000]) {
		variables[`memory${kib}`] = data('memoryTo', BigInt(kib) * 1_024n);
	}
	variables.hashes = data('hashes', world.me.address);
	const sign = (request) =>
		world.me.signTransaction({
			...{ chainId: CHAIN_ID, gas: 21_000n, type: 'eip1559', ...fees },
			...request,
		});
	const to = variables.other;
	variables.lowNonceRaw = await sign({ to, nonce: 0 });
	variables.poorRaw = await sign({ to, nonce, value: 10n ** 24n });
	variables.littleGasRaw = await sign({ to, nonce, gas: 100n });
	variables.muchGasRaw = await sign({ to, nonce, gas: 2n ** 40n, maxFeePerGas: 1n * GWEI });
	// Their nonce is old: a chain that knows their types refuses them for that.
	variables.blobRaw = await sign({
		...{ to, nonce: 0, type: 'eip4844', maxFeePerBlobGas: GWEI },
		blobVersionedHashes: [`0x01${'00'.repeat(31)}`],
	});
	const delegation = { address: probe, chainId: CHAIN_ID, nonce: 0 };
	variables.delegatingRaw = await sign({
		...{ to, nonce: 0, type: 'eip7702' },
		authorizationList: [await world.me.signAuthorization(delegation)],
	});
	variables.wrongChainRaw = await sign({ to, nonce, chainId: 1 });
	return variables;
}

/** What of a log depends on the chain. */
const POSITION = ['blockHash', 'blockNumber', 'blockTimestamp', 'transactionIndex', 'logIndex'];

/** The first notification of each kind after a transaction that makes a log. */
async function notified(chain) {
	const world = new World(chain, NAME);
	const { abi } = own('Probe');
	const to = viem.getContractAddress({ from: world.me.address, nonce: 0n });
	const nonce = await world.reader.getTransactionCount({ address: world.me.address });
	const data = viem.encodeFunctionData({ abi, functionName: 'note', args: [1n, 'notified'] });
	const raw = await world.me.signTransaction({
		...{ to, data, nonce, chainId: CHAIN_ID, type: 'eip1559', gas: 1_000_000n },
		...{ maxFeePerGas: 4n * GWEI, maxPriorityFeePerGas: 0n },
	});
	const transport = viem.webSocket(chain.ws, { reconnect: false, retryCount: 0 });
	const client = viem.createPublicClient({ transport });
	try {
		const kinds = [['newHeads'], ['logs', { address: to }], ['newPendingTransactions']];
		const waiting = [];
		for (const params of kinds) {
			waiting.push(
				await new Promise((subscribed) => {
					const first = new Promise((resolve) => {
						const timer = setTimeout(
							() => resolve({ error: { message: 'nothing came' } }),
							PATIENCE,
						);
						const settle = (answer) => {
							clearTimeout(timer);
							resolve(answer);
						};
						client.transport
							.subscribe({
								params,
								onData: ({ result }) => settle({ result }),
								onError: (error) => settle({ error }),
							})
							// One that is refused does not keep the others from being seen.
							.catch(({ message, code }) => settle({ error: { message, code } }))
							.then(() => subscribed({ first }));
					});
				}),
			);
		}
		await rpc(chain, 'eth_sendRawTransaction', [raw]);
		const answers = await Promise.all(waiting.map(({ first }) => first));
		return Object.fromEntries(kinds.map(([kind], i) => [kind, answers[i]]));
	} finally {
		(await client.transport.getRpcClient()).close();
	}
}

/** Runs programs in calls that give the code, some in each request. */
async function run(chain, programs) {
	const at = '0x0000000000000000000000000000000000c0ffee';
	const batch = 64;
	const answers = [];
	for (let i = 0; i < programs.length; i += batch) {
		const requests = programs.slice(i, i + batch).map(({ code, input = '0x' }, id) => ({
			...{ jsonrpc: '2.0', id, method: 'eth_call' },
			params: [{ from: RICH, to: at, data: input, gas: '0x300000' }, 'latest', { [at]: { code } }],
		}));
		answers.push(...(await post(chain, requests)).sort((a, b) => a.id - b.id));
	}
	return answers;
}

describe('an answer', { concurrency: false }, () => {
	let chains;
	let variables;

	before(async () => {
		own('Probe');
		chains = await Promise.all([openledger(), anvil()]);
		await Promise.all(chains.map((chain) => fund(chain, [NAME])));
		variables = await Promise.all(chains.map(setUp));
	});
	after(() => Promise.all(chains.map((chain) => chain.stop())));

	for (const file of readdirSync(folder).sort()) {
		const family = file.replace('.json', '');
		const steps = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
		test(`answers_should_be_as_anvils_when_asked_for_${family}`, async () => {
			const found = [];
			for (const step of steps) {
				const [ours, theirs] = await Promise.all(
					chains.map((chain, i) => ask(chain, step.method, fill(step.params, variables[i]))),
				);
				if (step.save) {
					variables[0][step.save] = ours.result;
					variables[1][step.save] = theirs.result;
				}
				const where = `${step.method} ${step.name}`;
				found.push(...compare(step, ours, theirs).map((one) => ({ where, ...one })));
			}
			check(found);
		});
	}

	for (const [family, steps] of Object.entries(programs.families())) {
		test(`program_should_give_as_on_anvil_when_called_of_${family}`, async () => {
			const answers = await Promise.all(chains.map((chain) => run(chain, steps)));
			check(
				steps.flatMap((step, i) => {
					const where = `program ${step.name}`;
					const found = compare(step, answers[0][i], answers[1][i]);
				return found.map((one) => ({ where, ...one }));
				}),
			);
		});
	}

	test('answers_should_come_together_when_requests_are_a_batch', async () => {
		const batch = [
			{ jsonrpc: '2.0', id: 'a', method: 'eth_chainId', params: [] },
			{ jsonrpc: '2.0', id: 2, method: 'eth_nothing', params: [] },
			{ jsonrpc: '2.0', id: 3, method: 'net_version' },
		];
		const [ours, theirs] = await Promise.all(chains.map((chain) => post(chain, batch)));
		const order = (answers) => answers.map(({ id, result, error }) => [id, result, error?.code]);
		assert.deepEqual(order(ours), order(theirs));
	});

	test('notifications_should_be_as_anvils_when_something_happens', async () => {
		const [ours, theirs] = await Promise.all(chains.map(notified));
		const steps = { newHeads: { shape: true }, logs: { vary: POSITION }, newPendingTransactions: {} };
		check(
			Object.entries(steps).flatMap(([kind, step]) => {
				const where = `eth_subscribe ${kind}`;
				return compare(step, ours[kind], theirs[kind]).map((one) => ({ where, ...one }));
			}),
		);
	});

	// A difference that is gone must not come back unseen.
	test('list_of_differences_should_name_nothing_else_when_all_was_asked', () => {
		assert.deepEqual(allowed.unused(), []);
	});
});
