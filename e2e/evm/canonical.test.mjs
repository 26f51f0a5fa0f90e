// The contracts that other chains have at known addresses: put on the node and on anvil, they have
// the same code there, and do the same.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as viem from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { CREATE2_PROXY, install, SAFE_FACTORY, table } from './canonical.mjs';
import { ALITH, anvil, openledger, rpc } from './chain.mjs';
import * as contracts from './contracts.mjs';
import { handleOperation } from './operation.mjs';
import { clients, fund, OPEN, World } from './world.mjs';

const SUPPLY = 10n ** 24n;
/** A time that no test reaches, in 48 bits. */
const LATER = 2 ** 40;
/** Hashes of the codes that Ethereum has, where they do not depend on the chain. */
const ETHEREUM = {
	Multicall3: '0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891',
	'ERC-6551 registry': '0xda1d5b06e579f9e42e59b00fbc22939896ecb38dc8830d40de0a2508fecd6735',
	'CREATE2 proxy': '0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989',
};

/** The fields of an EIP-712 type, from their types by name. */
const fields = (types) => Object.entries(types).map(([name, type]) => ({ name, type }));
const encode = ({ abi }, functionName, ...args) =>
	viem.encodeFunctionData({ abi, functionName, args });

const uses = {
	/** Several calls in one; one of them fails. */
	async multicall3(world, at) {
		const { abi } = contracts.canonicalMulticall3();
		const multicall = world.at(at('Multicall3'), abi);
		const token = await world.deploy(contracts.own('Token'), 'Token', SUPPLY);
		const call = (...args) => ({
			...{ target: token.address, allowFailure: true, callData: encode(token, ...args) },
		});
		const written = await world.write(multicall, 'aggregate3', [
			[call('approve', world.me.address, 9n), call('transfer', world.me.address, 1n)],
		]);
		const allowance = await world.read(token, 'allowance', multicall.address, world.me.address);
		assert.equal(allowance, 9n);
		const read = await world.reader.multicall({
			multicallAddress: multicall.address,
			contracts: [
				{ ...token, functionName: 'balanceOf', args: [world.me.address] },
				{ ...token, functionName: 'transfer', args: [viem.zeroAddress, 1n] },
			],
		});
		assert.deepEqual(read.map(({ status }) => status), ['success', 'failure']);
		assert.equal(read[0].result, SUPPLY);
		return { allowance, events: world.events(token, written) };
	},

	/** An allowance by signature, spent in two parts, and no further. */
	async permit2(world, at) {
		const bob = world.other('bob');
		const permit2 = world.at(at('Permit2'), contracts.permit2().abi);
		const token = await world.deploy(contracts.own('Token'), 'Token', SUPPLY);
		await world.write(token, 'approve', [permit2.address, SUPPLY]);
		const permit = {
			details: { token: token.address, amount: 100n, expiration: LATER, nonce: 0 },
			...{ spender: bob.address, sigDeadline: BigInt(LATER) },
		};
		const signature = await world.me.signTypedData({
			domain: {
				...{ name: 'Permit2', chainId: world.reader.chain.id, verifyingContract: permit2.address },
			},
			primaryType: 'PermitSingle',
			types: {
				PermitSingle: fields({
					...{ details: 'PermitDetails', spender: 'address', sigDeadline: 'uint256' },
				}),
				PermitDetails: fields({
					...{ token: 'address', amount: 'uint160', expiration: 'uint48', nonce: 'uint48' },
				}),
			},
			message: permit,
		});
		const permitted = await world.write(permit2, 'permit', [world.me.address, permit, signature]);
		const again = await world.refusal(permit2, 'permit', world.me.address, permit, signature);
		assert.equal(again.name, 'InvalidNonce');
		await world.send({ to: bob.address, value: OPEN });
		const take = (amount) =>
			encode(permit2, 'transferFrom', world.me.address, bob.address, amount, token.address);
		const hash = await clients(world.chain)
			.wallet(bob)
			.sendTransaction({ to: permit2.address, data: take(60n) });
		assert.equal((await world.receipt(hash)).status, 'success');
		await assert.rejects(
			world.reader.call({ account: bob.address, to: permit2.address, data: take(41n) }),
		);
		assert.equal(await world.read(token, 'balanceOf', bob.address), 60n);
		const [left] = await world.read(
			...[permit2, 'allowance', world.me.address, token.address, bob.address],
		);
		assert.equal(left, 40n);
		return { left, again, events: world.events(permit2, permitted) };
	},

	/** An account that belongs to a token, and so to whoever has the token. */
	async erc6551(world, at) {
		const bob = world.other('bob');
		const registry = world.at(at('ERC-6551 registry'), contracts.erc6551Registry().abi);
		const nft = await world.deploy(contracts.own('Nft'));
		const accountCode = contracts.erc6551Account();
		const implementation = await world.deploy(accountCode);
		await world.write(nft, 'mint', [7n, 'ipfs://seven']);
		const what = [
			...[implementation.address, viem.zeroHash, BigInt(world.reader.chain.id), nft.address, 7n],
		];
		const address = await world.read(registry, 'account', ...what);
		const created = await world.write(registry, 'createAccount', what);
		const [{ args }] = world.events(registry, created);
		assert.equal(args.account, address);
		const account = world.at(address, accountCode.abi);
		assert.deepEqual(await world.read(account, 'token'), [what[2], nft.address, 7n]);
		await world.send({ to: address, value: OPEN });
		await world.write(account, 'execute', [bob.address, OPEN / 4n, '0x', 0]);
		assert.equal(await world.reader.getBalance({ address: bob.address }), OPEN / 4n);
		await world.write(nft, 'transferFrom', [world.me.address, bob.address, 7n]);
		const refused = await world.refusal(account, 'execute', bob.address, 1n, '0x', 0);
		assert.ok(refused, 'who has given the token away has no say');
		assert.equal(await world.read(account, 'owner'), bob.address);
		return { address, refused, args, state: await world.read(account, 'state') };
	},

	/** A user operation through the EntryPoint makes its sender's account and pays from it. */
	async handleOps(world, at) {
		const entry = world.at(at('EntryPoint v0.7'), contracts.entryPointV07().abi);
		const { hash, sender, events } = await handleOperation(
			...[world, entry, contracts.accountsV07()],
			(owner, raw) => owner.signMessage({ message: { raw } }),
		);
		return { hash, sender, events };
	},

	/** A Safe of two owners pays two at once. */
	async safe(world, at) {
		const suite = contracts.safeSuite();
		const known = (name) => world.at(at(`${name} 1.4.1`), suite[name].abi);
		const factory = known('SafeProxyFactory');
		const owners = [world.me, world.other('owner')];
		const addresses = owners.map(({ address }) => address);
		const setup = encode(
			...[suite.SafeL2, 'setup', addresses, 2n, viem.zeroAddress, '0x'],
			...[known('CompatibilityFallbackHandler').address, viem.zeroAddress, 0n, viem.zeroAddress],
		);
		const created = await world.write(factory, 'createProxyWithNonce', [
			...[known('SafeL2').address, setup, 1n],
		]);
		const [{ args }] = world.events(factory, created);
		const safe = world.at(args.proxy, suite.SafeL2.abi);
		await world.send({ to: safe.address, value: OPEN });
		const payees = ['bob', 'carol'].map((name) => world.other(name).address);
		const batch = viem.concat(
			payees.map((to) =>
				viem.encodePacked(
					['uint8', 'address', 'uint256', 'uint256', 'bytes'],
					[0, to, OPEN / 4n, 0n, '0x'],
				),
			),
		);
		const batches = known('MultiSendCallOnly');
		// A delegate call: the batch runs as the Safe.
		const parts = [
			...[batches.address, 0n, encode(batches, 'multiSend', batch), 1, 0n, 0n, 0n],
			...[viem.zeroAddress, viem.zeroAddress],
		];
		const hash = await world.read(safe, 'getTransactionHash', ...parts, 0n);
		const signatures = await Promise.all(
			[...owners]
				.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1))
				.map((owner) => owner.sign({ hash })),
		);
		const refused = await world.refusal(safe, 'execTransaction', ...parts, signatures[0]);
		assert.deepEqual(refused.args, ['GS020']);
		const done = await world.write(safe, 'execTransaction', [...parts, viem.concat(signatures)]);
		for (const address of payees) {
			assert.equal(await world.reader.getBalance({ address }), OPEN / 4n);
		}
		return {
			...{ hash, refused, safe: safe.address },
			events: world.events(safe, done).map(({ eventName }) => eventName),
		};
	},
};

const nameOf = (use) => `canonical ${use}`;

describe('contracts at known addresses', { concurrency: Object.keys(uses).length }, () => {
	let chains;
	let installed;

	before(async () => {
		contracts.prepare();
		chains = await Promise.all([openledger(), anvil()]);
		// Ours has it from genesis.
		const proxy = await rpc(chains[0], 'eth_getCode', [CREATE2_PROXY, 'latest']);
		await rpc(chains[1], 'anvil_setCode', [SAFE_FACTORY, proxy]);
		const payer = privateKeyToAccount(ALITH);
		installed = await Promise.all(chains.map(({ http }) => install(http, payer)));
		await Promise.all(chains.map((chain) => fund(chain, Object.keys(uses).map(nameOf))));
	});
	after(() => Promise.all((chains ?? []).map((chain) => chain.stop())));

	test('code_should_be_as_on_anvil_and_ethereum_when_it_is_deployed', (context) => {
		const codes = installed.map((items) => items.map(({ name, address, hash }) => [name, address, hash]));
		assert.deepEqual(codes[0], codes[1]);
		for (const { name, address, canonical, hash } of installed[0]) {
			if (name in ETHEREUM) assert.equal(hash, ETHEREUM[name], name);
			assert.equal(address, canonical, name);
			assert.ok(hash, `${name} has code`);
		}
		for (const line of table(installed[0])) context.diagnostic(line);
	});

	test('contracts_should_stay_as_they_are_when_installed_again', async () => {
		const again = await install(chains[0].http, privateKeyToAccount(ALITH));
		for (const [i, { name, hash, state }] of again.entries()) {
			assert.equal(hash, installed[0][i].hash, name);
			assert.equal(state, 'was there', name);
		}
	});

	for (const [use, play] of Object.entries(uses)) {
		test(`${use}_should_do_as_on_anvil_when_it_is_used_at_its_address`, async () => {
			const at = (name) => installed[0].find((item) => item.name === name).address;
			const [ours, theirs] = await Promise.all(
				chains.map((chain) => play(new World(chain, nameOf(use)), at)),
			);
			assert.deepEqual(ours, theirs);
		});
	}
});
