// What helps who develops on a chain of their own: blocks on demand, accounts whose keys the node
// has, and the commands that give money, set up a wallet and translate addresses.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as ethers from 'ethers';
import {
	connect,
	devAccount,
	freePort,
	rawChain,
	run,
	startNode,
	temporaryFolder,
} from '../node.mjs';
import { ask, CHAIN_ID, openledger, PATIENCE, post, rpc } from './chain.mjs';
import { hardhatTest } from './command.mjs';
import { own } from './contracts.mjs';

const OPEN = 10n ** 18n;
/** Seconds of a slot. */
const SLOT = 3;
const PHRASE = 'test test test test test test test test test test test junk';
const WALLETS = Array.from({ length: 10 }, (_, i) =>
	ethers.HDNodeWallet.fromPhrase(PHRASE, '', `m/44'/60'/0'/0/${i}`),
);
/** Code that returns the time of its block. */
const RETURN_TIME = '0x4260005260206000f3';
const STRANGER = ethers.Wallet.createRandom().address;

/** A node with blocks on demand. `http` names it for requests, `provider` is ethers'. */
async function sealed(how) {
	const chain = await openledger(['--sealing', how]);
	const provider = new ethers.JsonRpcProvider(chain.http, CHAIN_ID, {
		staticNetwork: true,
		polling: true,
		pollingInterval: 20,
		cacheTimeout: -1,
	});
	return {
		...chain,
		provider,
		stop: async () => {
			provider.destroy();
			await chain.stop();
		},
	};
}

const number = async (chain, tag = 'latest') =>
	Number((await rpc(chain, 'eth_getBlockByNumber', [tag, false])).number);
const time = async (chain, tag = 'latest') =>
	Number((await rpc(chain, 'eth_getBlockByNumber', [tag, false])).timestamp);

/** Asks until `accept` takes the answer. */
async function eventually(question, accept, what) {
	const end = Date.now() + PATIENCE;
	for (;;) {
		const answer = await question();
		if (accept(answer)) return answer;
		assert.ok(Date.now() < end, `${what}: ${JSON.stringify(answer)}`);
	}
}

/** The result of a command of the binary against a chain. */
const command = (chain, ...args) =>
	JSON.parse(run(...args, '--url', chain.ws, '--output', 'json'));

/** What the binary says when it refuses. */
function refusal(...args) {
	try {
		run(...args);
	} catch ({ message }) {
		return message;
	}
	return assert.fail(`openledger ${args.join(' ')} went through`);
}

describe('a chain that seals each transaction', { concurrency: false }, () => {
	let chain;
	let signer;

	before(async () => {
		chain = await sealed('instant');
		signer = await chain.provider.getSigner();
	});
	after(() => chain?.stop());

	test('accounts_should_be_those_of_hardhat_and_anvil_when_the_chain_is_for_development', async () => {
		const accounts = await rpc(chain, 'eth_accounts');
		assert.deepEqual(accounts.map(ethers.getAddress), WALLETS.map(({ address }) => address));
		for (const address of accounts) {
			assert.ok((await chain.provider.getBalance(address)) >= 1_000n * OPEN);
		}
	});

	test('transactions_should_be_mined_without_a_slot_between_when_sealing_is_instant', async () => {
		const [first, count] = [await number(chain), 10];
		const started = Date.now();
		for (let i = 0; i < count; i += 1) {
			const sent = await signer.sendTransaction({ to: STRANGER, value: OPEN });
			const { status, blockNumber } = await sent.wait(1, PATIENCE);
			// A block for each, and none without.
			assert.deepEqual([status, blockNumber], [1, first + i + 1]);
		}
		const seconds = (Date.now() - started) / 1_000;
		assert.ok(seconds < (count - 1) * SLOT, `${seconds} s for ${count} blocks`);
		assert.equal(await chain.provider.getBalance(STRANGER), BigInt(count) * OPEN);
	});

	test('blocks_should_be_final_when_they_are_made', async () => {
		const sent = await signer.sendTransaction({ to: STRANGER, value: 1n });
		const { blockNumber } = await sent.wait(1, PATIENCE);
		for (const tag of ['finalized', 'safe']) {
			await eventually(() => number(chain, tag), (one) => one === blockNumber, tag);
		}
	});

	test('transactions_should_get_nonces_of_their_own_when_they_are_sent_at_once', async () => {
		const { provider } = chain;
		const senders = await Promise.all([1, 2, 3].map((i) => provider.getSigner(i)));
		const sent = await Promise.all(
			[...senders, ...senders, ...senders, ...senders].map((sender) =>
				sender.sendTransaction({ to: STRANGER, value: 1n }),
			),
		);
		const receipts = await Promise.all(sent.map((one) => one.wait(1, PATIENCE)));
		assert.ok(receipts.every(({ status }) => status === 1));
		for (const sender of senders) {
			const nonces = sent.filter(({ from }) => from === sender.address).map(({ nonce }) => nonce);
			assert.deepEqual(nonces.toSorted((a, b) => a - b), [0, 1, 2, 3]);
		}
		// Each block has a slot of its own.
		const last = await number(chain);
		const times = await Promise.all(
			Array.from({ length: last }, (_, i) => time(chain, ethers.toQuantity(i + 1))),
		);
		const slots = times.map((at) => Math.floor(at / SLOT));
		assert.ok(slots.every((slot, i) => i === 0 || slot > slots[i - 1]), slots.join(' '));
	});

	test('contract_should_be_deployed_and_called_when_the_node_signs', async () => {
		const { abi, bytecode } = own('Token');
		const token = await new ethers.ContractFactory(abi, bytecode, signer).deploy('Token', 5n);
		await token.waitForDeployment();
		await (await token.transfer(STRANGER, 2n)).wait(1, PATIENCE);
		assert.equal(await token.balanceOf(STRANGER), 2n);
		assert.equal(await token.balanceOf(signer.address), 3n);
	});

	test('signatures_should_be_the_keys_own_when_a_tool_asks_for_them', async () => {
		const [wallet] = WALLETS;
		const message = 'signed by a node: grüße';
		const hex = ethers.hexlify(ethers.toUtf8Bytes(message));
		const expected = await wallet.signMessage(message);
		assert.equal(await signer.signMessage(message), expected);
		assert.equal(await rpc(chain, 'eth_sign', [wallet.address, hex]), expected);
		assert.equal(await rpc(chain, 'personal_sign', [hex, wallet.address, 'none']), expected);

		const domain = {
			...{ name: 'OpenLedger', version: '1', chainId: CHAIN_ID },
			verifyingContract: STRANGER,
		};
		const types = {
			Part: [{ name: 'who', type: 'address' }, { name: 'share', type: 'uint256' }],
			Split: [
				{ name: 'parts', type: 'Part[]' },
				{ name: 'note', type: 'string' },
				{ name: 'seal', type: 'bytes32' },
				{ name: 'change', type: 'int64' },
			],
		};
		const value = {
			parts: [{ who: STRANGER, share: 2n ** 200n }, { who: wallet.address, share: 0n }],
			...{ note: 'two parts', seal: ethers.id('seal'), change: -7n },
		};
		const typed = await wallet.signTypedData(domain, types, value);
		assert.equal(await signer.signTypedData(domain, types, value), typed);

		const request = {
			...{ from: wallet.address, to: STRANGER, value: '0x1', gas: '0x5208' },
			...{ gasPrice: ethers.toQuantity(10n ** 10n), nonce: '0x63' },
		};
		const raw = await rpc(chain, 'eth_signTransaction', [request]);
		const { from, type, nonce, chainId } = ethers.Transaction.from(raw);
		assert.deepEqual([from, type, nonce, chainId], [wallet.address, 0, 99, BigInt(CHAIN_ID)]);
	});

	test('account_should_be_unknown_when_the_node_has_no_key_of_it', async () => {
		const requests = {
			eth_sendTransaction: [{ from: STRANGER, to: STRANGER }],
			eth_signTransaction: [{ from: STRANGER, to: STRANGER }],
			eth_sign: [STRANGER, '0x00'],
			personal_sign: ['0x00', STRANGER],
			eth_signTypedData_v4: [STRANGER, {}],
		};
		for (const [method, params] of Object.entries(requests)) {
			const { error } = await ask(chain, method, params);
			assert.match(error.message, /^unknown account: .*eth_sendRawTransaction/, method);
		}
	});

	test('project_should_pass_its_tests_when_hardhat_uses_the_keys_of_the_node', async () => {
		const { status, stdout, stderr } = await hardhatTest(chain, { HARDHAT_ACCOUNTS: 'remote' });
		assert.equal(status, 0, stdout + stderr);
		assert.match(stdout, /3 passing/);
	});

	test('faucet_should_pay_both_kinds_of_accounts_when_asked', async () => {
		const { address } = ethers.Wallet.createRandom();
		const gift = command(chain, 'faucet', '--to', address);
		assert.equal(gift.to, address);
		assert.deepEqual([gift.amount, gift.balance], [`${10n * OPEN}`, `${10n * OPEN}`]);
		assert.match(gift.transaction, /^0x[0-9a-f]{64}$/);
		// The EVM does not show the existential deposit.
		assert.equal(await chain.provider.getBalance(address), 10n * OPEN - 10n ** 9n);

		const native = devAccount('//Nobody has this yet');
		assert.equal(command(chain, 'address', native).mapped, false);
		assert.equal(command(chain, 'faucet', '--to', native, '--amount', '0.5').balance, `${OPEN / 2n}`);
		// Its first money mapped it, so its Ethereum address is its own account.
		const names = command(chain, 'address', native);
		assert.equal(names.mapped, true);
		const again = command(chain, 'faucet', '--to', names.ethereum, '--amount', '1.5');
		assert.equal(again.balance, `${2n * OPEN}`);
	});

	test('address_should_translate_both_ways_when_given_any_name', async () => {
		const alice = {
			ethereum: ethers.getAddress('0x9621dde636de098b43efb0fa9b61facfe328f99d'),
			substrate: devAccount('//Alice'),
			accountId: '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d',
			kind: 'substrate',
			mapped: true,
		};
		for (const name of [alice.ethereum, alice.substrate, alice.accountId]) {
			assert.deepEqual(command(chain, 'address', name), alice);
			assert.deepEqual(await rpc(chain, 'openledger_address', [name]), alice);
		}
		const [{ address }] = WALLETS;
		const key = command(chain, 'address', address.toLowerCase());
		assert.deepEqual([key.ethereum, key.kind, key.mapped], [address, 'ethereum', true]);
		assert.equal(key.accountId, `${address.toLowerCase()}${'ee'.repeat(12)}`);
		assert.deepEqual(command(chain, 'address', key.substrate), key);
		assert.match(run('address', key.substrate, '--url', chain.ws), /nothing has to be mapped/);
		const { error } = await ask(chain, 'openledger_address', ['//Alice']);
		assert.equal(error.code, -32602);
	});

	test('address_should_be_translated_when_no_node_answers', async () => {
		const nobody = `ws://127.0.0.1:${await freePort()}`;
		const { mapped, ethereum } = command({ ws: nobody }, 'address', devAccount('//Alice'));
		assert.deepEqual([mapped, ethereum.toLowerCase()], [null, '0x9621dde636de098b43efb0fa9b61facfe328f99d']);
	});

	test('metamask_should_give_what_a_wallet_needs_when_the_node_answers', async () => {
		const shown = command(chain, 'metamask');
		assert.deepEqual([shown.chainId, shown.symbol, shown.decimals], [CHAIN_ID, 'OPEN', 18]);
		assert.deepEqual(shown.request, {
			method: 'wallet_addEthereumChain',
			params: [
				{
					chainId: ethers.toQuantity(CHAIN_ID),
					chainName: 'OpenLedger Development',
					rpcUrls: [chain.http],
					nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 },
				},
			],
		});
		const nowhere = `http://127.0.0.1:${await freePort()}`;
		assert.match(refusal('metamask', '--rpc', nowhere), /no node of this chain at .*openledger --dev/);
	});

	test('blocks_should_have_vrf_outputs_of_their_own_when_they_are_sealed', async () => {
		// What the committees of scorers are drawn from.
		await rpc(chain, 'evm_mine', [{ blocks: 70 }]);
		const api = await connect(chain);
		try {
			const { number: best } = await api.rpc.chain.getHeader();
			const last = Array.from({ length: 65 }, (_, i) => best.toNumber() - i);
			const outputs = await Promise.all(
				last.map(async (block) => {
					const at = await api.at(await api.rpc.chain.getBlockHash(block));
					return (await at.query.babe.authorVrfRandomness()).toHex();
				}),
			);
			assert.ok(outputs.every((output) => /^0x[0-9a-f]{64}$/.test(output)), outputs[0]);
			assert.equal(new Set(outputs).size, outputs.length);
			// The ring that seeds are made of holds those of the ten blocks before.
			const top = await api.at(await api.rpc.chain.getBlockHash(best));
			const ring = (await top.query.attribution.entropies()).map((one) => one.toHex());
			assert.deepEqual(ring, outputs.slice(1, 11).reverse());
			// Epochs of twenty slots went by, and sessions with them.
			assert.ok((await api.query.session.currentIndex()).toNumber() >= 3);
		} finally {
			await api.disconnect();
		}
	});
});

describe('a chain that seals on request', { concurrency: false }, () => {
	let chain;
	/** Blocks that were asked for; any other would be one too many. */
	let asked = 0;

	const mine = async (...params) => {
		assert.equal(await rpc(chain, 'evm_mine', params), '0x0');
		asked += params[0]?.blocks ?? 1;
	};
	const send = (value = '0x1') =>
		rpc(chain, 'eth_sendTransaction', [{ from: WALLETS[0].address, to: STRANGER, value }]);
	const receipt = (hash) => rpc(chain, 'eth_getTransactionReceipt', [hash]);

	before(async () => {
		chain = await sealed('manual');
	});
	after(() => chain?.stop());

	test('transaction_should_wait_when_nobody_mines', async () => {
		const hashes = [await send(), await send(), await send()];
		assert.equal((await rpc(chain, 'txpool_status')).pending, '0x3');
		assert.deepEqual(await Promise.all(hashes.map(receipt)), [null, null, null]);
		await mine();
		for (const hash of hashes) {
			assert.equal((await receipt(hash)).blockNumber, '0x1');
		}
		assert.deepEqual([await number(chain), await number(chain, 'finalized')], [1, 1]);
	});

	test('block_should_have_every_transaction_when_many_were_taken_before_it', async () => {
		for (let round = 0; round < 8; round += 1) {
			const hashes = [];
			for (let i = 0; i < 100; i += 1) hashes.push(await send());
			await mine();
			const { transactions } = await rpc(chain, 'eth_getBlockByNumber', ['latest', false]);
			assert.deepEqual(transactions, hashes, `round ${round}`);
		}
	});

	test('blocks_should_be_as_many_as_asked_when_a_count_is_given', async () => {
		await mine({ blocks: 5 });
		assert.equal(await number(chain), asked);
		const { error } = await ask(chain, 'evm_mine', [{ blocks: 1_000_000 }]);
		assert.equal(error.code, -32005);
	});

	test('time_should_be_what_was_asked_when_it_was_moved', async () => {
		const before = await time(chain);
		await rpc(chain, 'evm_increaseTime', [86_400]);
		await mine();
		const after = await time(chain);
		assert.ok(after >= before + 86_400 && after < before + 86_400 + 600, `${before} ${after}`);

		const chosen = after + 1_000;
		await rpc(chain, 'evm_setNextBlockTimestamp', [ethers.toQuantity(chosen)]);
		// Before there is a block, calls on what is pending see the time.
		const code = { [STRANGER]: { code: RETURN_TIME } };
		const seen = await rpc(chain, 'eth_call', [{ to: STRANGER }, 'pending', code]);
		assert.equal(Number(seen), chosen);
		await mine();
		assert.equal(await time(chain), chosen);
		await mine(ethers.toQuantity(chosen + 500));
		assert.equal(await time(chain), chosen + 500);
		await mine({ timestamp: chosen + 1_000, blocks: 2 });
		const last = await time(chain);
		assert.ok(last >= chosen + 1_000 + 1 && last <= chosen + 1_000 + SLOT + PATIENCE / 1_000);

		const { error } = await ask(chain, 'evm_setNextBlockTimestamp', [chosen]);
		assert.match(error.message, /too early: the next block has \d+ or later/);
		assert.equal(await number(chain), asked);
	});

	test('engine_should_make_and_finalize_blocks_when_the_sdks_methods_are_called', async () => {
		const { error } = await ask(chain, 'engine_createBlock', [false, true, null]);
		assert.match(error.message, /pool is empty/i);
		const hash = await send();
		// One transaction alone is not nothing.
		const block = await rpc(chain, 'engine_createBlock', [false, false, null]);
		asked += 1;
		assert.equal(Number((await receipt(hash)).blockNumber), asked);
		assert.equal(await number(chain, 'finalized'), asked - 1);
		assert.equal(await rpc(chain, 'engine_finalizeBlock', [block.hash, null]), true);
		assert.equal(await number(chain, 'finalized'), asked);
	});

	test('blocks_should_come_by_themselves_when_that_is_switched_on', async () => {
		// Whatever was not asked for before would be seen here.
		assert.equal(await number(chain), asked);
		const waiting = await send();
		await rpc(chain, 'evm_setAutomine', [true]);
		await eventually(() => receipt(waiting), (found) => found !== null, 'what waited');
		const next = await send();
		await eventually(() => receipt(next), (found) => found !== null, 'the next one');
		await rpc(chain, 'evm_setAutomine', [false]);
		assert.equal(await number(chain), asked + 2);

		await rpc(chain, 'evm_setIntervalMining', [50]);
		await eventually(() => number(chain), (one) => one >= asked + 5, 'blocks at an interval');
		await rpc(chain, 'evm_setIntervalMining', [0]);
	});
});

describe('a chain that is for no development', () => {
	let node;

	before(async () => {
		// As text: its amounts are more than JavaScript's numbers hold.
		const spec = readFileSync(rawChain('dev'), 'utf8')
			.replace('"name": "Development"', '"name": "Earnest"')
			.replace('"id": "dev"', '"id": "earnest"')
			.replace('"chainType": "Development"', '"chainType": "Live"');
		const file = join(temporaryFolder('live'), 'spec.json');
		writeFileSync(file, spec);
		node = await startNode({ name: 'live', args: ['--chain', file] });
		node.spec = file;
	});
	after(() => node?.stop());

	test('node_should_hold_no_keys_when_the_chain_is_live', async () => {
		assert.deepEqual(await rpc(node, 'eth_accounts'), []);
		const { error } = await ask(node, 'eth_sign', [WALLETS[0].address, '0x00']);
		assert.match(error.message, /^unknown account/);
		const { error: missing } = await post(node, {
			...{ jsonrpc: '2.0', id: 1, method: 'evm_mine', params: [] },
		});
		assert.equal(missing.code, -32601);
	});

	test('faucet_should_refuse_when_the_chain_is_live', () => {
		const why = refusal('faucet', '--to', STRANGER, '--url', node.ws);
		assert.match(why, /"Earnest" is no development chain.*openledger --dev/);
	});

	test('sealing_should_be_refused_when_the_chain_has_other_validators', () => {
		for (const chain of [node.spec, 'local']) {
			const why = refusal(
				...['--chain', chain, '--tmp', '--sealing', 'instant'],
				...['--rpc-port', '0', '--port', '0', '--no-mdns', '--no-prometheus', '--no-telemetry'],
			);
			assert.match(why, /--sealing .* is for development chains.*--dev/);
		}
	});

	test('sealing_should_be_refused_when_the_node_has_not_the_validators_key', () => {
		const why = refusal(
			...['--chain', rawChain('dev'), '--tmp', '--sealing', 'instant'],
			...['--rpc-port', '0', '--port', '0', '--no-mdns', '--no-prometheus', '--no-telemetry'],
		);
		assert.match(why, /--sealing needs the validator's key: start the node with --dev/);
	});
});
