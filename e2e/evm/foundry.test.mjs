// Foundry's programs: cast reads and sends, forge deploys by a script and tests on a copy of the
// chain, anvil runs on from the chain's state.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { keccak256, stringToHex } from 'viem';
import { temporaryFolder } from '../node.mjs';
import { anvil, CHAIN_ID, foundry, openledger, rpc } from './chain.mjs';
import { finished } from './command.mjs';
import { account, clients, fund } from './world.mjs';

const NAME = 'foundry';
const KEY = keccak256(stringToHex(NAME));
const me = account(NAME).address;
const bob = account(`${NAME}: bob`).address;
const project = new URL('.', import.meta.url).pathname;

describe('Foundry', { concurrency: false }, () => {
	let chain;
	let made;
	let store;

	/** Runs a program of Foundry's and gives what it prints. */
	async function run(program, args, environment = {}) {
		const { status, stdout, stderr } = await finished(foundry(program), args, {
			cwd: project,
			env: {
				...process.env,
				...{ ETH_RPC_URL: chain.http, NO_COLOR: '1', FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' },
				...{ FOUNDRY_OUT: join(made, 'out'), FOUNDRY_CACHE_PATH: join(made, 'cache') },
				...{ FOUNDRY_BROADCAST: join(made, 'broadcast') },
				...environment,
			},
		});
		assert.equal(status, 0, `${program} ${args.join(' ')}\n${stdout}\n${stderr}`);
		return stdout.trim();
	}
	const cast = (...args) => run('cast', args);

	before(async () => {
		made = temporaryFolder('foundry');
		chain = await openledger();
		await fund(chain, [NAME]);
	});
	after(() => chain?.stop());

	test('chain_should_be_read_when_cast_asks', async () => {
		assert.equal(await cast('chain-id'), `${CHAIN_ID}`);
		const number = Number(await cast('block-number'));
		assert.equal(Number(await cast('block', `${number}`, '--field', 'number')), number);
		assert.match(await cast('block', 'finalized', '--json'), /"hash":"0x/);
		assert.equal(await cast('balance', me), `${1_000n * 10n ** 18n}`);
		assert.equal(await cast('nonce', me), '0');
		assert.ok(BigInt(await cast('gas-price')) > 0n);
		assert.ok(BigInt(await cast('base-fee')) > 0n);
		assert.equal(await cast('code', me), '0x');
		assert.equal(await cast('rpc', 'net_version'), `"${CHAIN_ID}"`);
	});

	test('money_should_arrive_when_cast_sends_it', async () => {
		const sent = await cast('send', bob, '--value', '7', '--private-key', KEY, '--json');
		const { status, transactionHash } = JSON.parse(sent);
		assert.equal(Number(status), 1);
		assert.equal(await cast('balance', bob), '7');
		assert.equal(await cast('tx', transactionHash, 'value'), '7');
		assert.match(await cast('receipt', transactionHash, 'status'), /^(1|true)/);
	});

	test('contracts_should_be_deployed_when_forge_runs_a_script', async () => {
		const printed = await run('forge', [
			...['script', 'foundry/script/Store.s.sol:Open', '--broadcast', '--slow', '--json'],
			...['--private-key', KEY, '--rpc-url', chain.http],
		]);
		const { returns } = JSON.parse(printed.split('\n').find((line) => line.includes('"returns"')));
		store = returns.store.value;
		assert.equal(await cast('call', store, 'totalSupply()(uint256)'), '5');
		assert.equal(await cast('call', store, 'symbol()(string)'), '"STO"');
		const [log] = JSON.parse(await cast('logs', '--from-block', '0', '--address', store, '--json'));
		assert.equal(BigInt(log.data), 5n);
		const gas = await cast('estimate', store, 'buy()', '--value', '1', '--from', me);
		assert.ok(BigInt(gas) > 0n);
		const refused = await cast('call', store, 'buy()', '--from', me).catch(({ message }) => message);
		assert.match(refused, /NothingSent|execution reverted/);
	});

	test('contract_should_be_deployed_when_forge_creates_it', async () => {
		const printed = await run('forge', [
			...['create', 'foundry/src/Store.sol:Store', '--broadcast', '--json'],
			...['--private-key', KEY, '--rpc-url', chain.http],
		]);
		const { deployedTo } = JSON.parse(printed.slice(printed.indexOf('{')));
		assert.equal(await cast('call', deployedTo, 'decimals()(uint8)'), '18');
		const bought = ['send', deployedTo, 'buy()', '--value', '3', '--private-key', KEY, '--json'];
		const sent = await cast(...bought);
		assert.equal(JSON.parse(sent).logs.length, 1);
		assert.equal(BigInt(await cast('storage', deployedTo, '2')), 3n);
	});

	test('tests_should_pass_when_forge_forks_the_chain', async () => {
		const options = ['--fork-url', chain.http];
		const printed = await run('forge', ['test', ...options], { RICH: me, STORE: store });
		assert.match(printed, /2 tests passed, 0 failed/);
	});

	test('anvil_should_go_on_from_the_chain_when_it_forks', async () => {
		const fork = await anvil(['--fork-url', chain.http]);
		try {
			assert.equal(BigInt(await rpc(fork, 'eth_getBalance', [bob, 'latest'])), 7n);
			assert.ok((await rpc(fork, 'eth_getCode', [store, 'latest'])).length > 1_000);
			await rpc(fork, 'anvil_setBalance', [bob, '0xde0b6b3a7640000']);
			await rpc(fork, 'anvil_impersonateAccount', [bob]);
			const hash = await rpc(fork, 'eth_sendTransaction', [
				{ from: bob, to: store, value: '0x9', data: keccak256(stringToHex('buy()')).slice(0, 10) },
			]);
			const { status } = await clients(fork).reader.waitForTransactionReceipt({ hash });
			assert.equal(status, 'success');
		} finally {
			await fork.stop();
		}
	});
});
