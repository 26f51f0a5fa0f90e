// What the holder of an account does with polkadot-js: no types of our own, everything is read
// from the node's metadata.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { merkleizeMetadata } from '@polkadot-api/merkleize-metadata';
import { Keyring } from '@polkadot/keyring';
import { Metadata, TypeRegistry } from '@polkadot/types';
import { compactToU8a, hexToU8a, stringToU8a, u8aConcat, u8aToHex } from '@polkadot/util';
import { blake2AsU8a } from '@polkadot/util-crypto';
import { JsonRpcProvider, Wallet, parseEther } from 'ethers';
import { decodeAll, GENERAL } from './blocks.mjs';
import { connect, finalized, only, rawChain, send, startNode } from './node.mjs';

const OPEN = 10n ** 18n;
const FINE_TUNE = 1 << 1;
const COMMERCIAL = 1 << 4;
/** A key that every Ethereum development tool knows. */
const ALITH = '0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133';

const keyring = new Keyring({ type: 'sr25519', ss58Format: 42 });
const [alice, bob, charlie, dave, eve] = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve'].map((name) =>
	keyring.addFromUri(`//${name}`),
);
const free = async (api, address) => (await api.query.system.account(address)).data.free.toBigInt();

describe('a wallet with polkadot-js', { concurrency: false }, () => {
	let node;
	let api;

	before(async () => {
		node = await startNode();
		api = await connect(node);
	});
	after(async () => {
		await api?.disconnect();
		await node?.stop();
	});

	test('chain_should_say_what_wallets_show_when_asked_for_its_properties', async () => {
		assert.deepEqual(api.registry.chainTokens, ['OPEN']);
		assert.deepEqual(api.registry.chainDecimals, [18]);
		assert.equal(api.registry.chainSS58, 42);
		assert.equal((await api.rpc.system.chainType()).type, 'Development');
		assert.equal(api.runtimeVersion.specName.toString(), 'openledger');
	});

	test('metadata_should_be_read_and_agree_when_served_in_versions_14_15_and_16', async () => {
		const versions = await api.call.metadata.metadataVersions();
		assert.deepEqual(versions.map(Number), [14, 15, 16]);
		const pallets = [];
		for (const version of [14, 15, 16]) {
			const opaque = (await api.call.metadata.metadataAtVersion(version)).unwrap();
			const metadata = new Metadata(new TypeRegistry(), opaque.toU8a(true));
			assert.equal(metadata.version, version);
			pallets.push(
				metadata.asLatest.pallets.map(({ name, index }) => `${index.toNumber()} ${name}`),
			);
		}
		for (const pallet of ['50 Datanets', '51 Models', '52 Agents', '53 Attribution']) {
			assert.ok(pallets[0].includes(pallet), pallet);
		}
		assert.deepEqual(pallets[1], pallets[0]);
		assert.deepEqual(pallets[2], pallets[0]);
	});

	test('signed_extensions_should_be_known_or_empty_when_a_wallet_signs', () => {
		const names = api.registry.signedExtensions;
		assert.ok(names.includes('CheckMetadataHash'));
		// A wallet knows what the SDK's usual ones carry, and adds nothing for others.
		const usual = [
			...['CheckMortality', 'CheckNonce', 'CheckGenesis', 'CheckSpecVersion', 'CheckTxVersion'],
			...['ChargeTransactionPayment', 'CheckMetadataHash'],
		];
		const others = api.runtimeMetadata.asLatest.extrinsic.transactionExtensions.filter(
			({ identifier }) => !usual.includes(identifier.toString()),
		);
		assert.ok(others.length > 0);
		for (const { identifier, type, implicit } of others) {
			for (const part of [type, implicit]) {
				const bytes = api.createType(api.registry.createLookupType(part)).toU8a();
				assert.equal(bytes.length, 0, `${identifier} carries nothing`);
			}
		}
	});

	test('transfer_should_move_money_exactly_when_signed_without_the_metadata_hash', async () => {
		const target = keyring.addFromUri(`//Alice//${Date.now()}`).address;
		const before = await free(api, charlie.address);
		const call = api.tx.balances.transferKeepAlive(target, 3n * OPEN);
		const { partialFee } = await call.paymentInfo(charlie);
		const { events } = await send(call, charlie);
		const [who, fee] = only(events, 'transactionPayment', 'TransactionFeePaid');
		assert.equal(who.toString(), charlie.address);
		assert.ok(fee.toBigInt() > 0n && fee.toBigInt() <= partialFee.toBigInt());
		assert.equal(await free(api, target), 3n * OPEN);
		assert.equal(await free(api, charlie.address), before - 3n * OPEN - fee.toBigInt());
	});

	test('transfer_should_depend_on_the_hash_when_signed_with_the_metadata_hash', async (t) => {
		const opaque = (await api.call.metadata.metadataAtVersion(15)).unwrap();
		const digest = merkleizeMetadata(opaque.toU8a(true), {
			decimals: 18,
			tokenSymbol: 'OPEN',
		}).digest();
		const call = () => api.tx.balances.transferKeepAlive(bob.address, OPEN);
		const wrong = digest.map((byte) => byte ^ 1);
		await assert.rejects(
			send(call(), eve, { mode: 1, metadataHash: u8aToHex(wrong) }),
			/1010: .*bad signature|1011: .*CannotLookup/,
		);
		const before = await free(api, bob.address);
		try {
			await send(call(), eve, { mode: 1, metadataHash: u8aToHex(digest) });
		} catch (error) {
			// A development build leaves the hash out, since it costs a second compilation.
			assert.match(error.message, /1011: .*CannotLookup/);
			assert.ok(!process.env.METADATA_HASH, 'this runtime should hold the metadata hash');
			t.skip('the runtime was built without the feature metadata-hash');
			return;
		}
		assert.equal(await free(api, bob.address), before + OPEN);
	});

	test('datanet_should_pay_its_contributor_when_somebody_buys_a_licence', async () => {
		const terms = {
			rights: FINE_TUNE | COMMERCIAL,
			price: 2n * OPEN,
			period: 1_000,
			curatorCut: 500,
			atRisk: 0,
		};
		const created = await send(api.tx.datanets.create('Recipes', terms), alice);
		const [datanet, owner] = only(created.events, 'datanets', 'Created');
		assert.equal(owner.toString(), alice.address);
		const entry = (await api.query.datanets.datanets(datanet)).unwrap();
		assert.equal(entry.name.toUtf8(), 'Recipes');
		assert.equal(entry.terms.price.toBigInt(), terms.price);

		const texts = ['Salt the water.', 'Rest the dough.', 'Toast the spice.'].map(stringToU8a);
		const rows = texts.map((text) => ({ hash: blake2AsU8a(text), bytes: text.length }));
		const contributed = await send(api.tx.datanets.contribute(datanet, rows), bob);
		const contribution = only(contributed.events, 'datanets', 'Contributed');
		const batch = contribution[1];
		assert.equal(contribution[2].toString(), bob.address);
		// The root depends on what the rows are, not on the order in which they were given.
		const ordered = [...rows].sort((a, b) => Buffer.compare(a.hash, b.hash));
		assert.equal(contribution[3].toHex(), u8aToHex(merkleRoot(ordered.map(rowItem))));
		await assert.rejects(
			send(api.tx.datanets.contribute(datanet, rows.slice(1)), bob),
			/^Error: datanets\.RowKnown$/,
		);

		const scores = { authenticity: 90, ownership: 100, quality: 80, uniqueness: 70 };
		const reviewed = await send(
			api.tx.utility.batchAll([
				api.tx.datanets.review(datanet, batch, { Accept: scores }),
				api.tx.datanets.publish(datanet, [batch]),
			]),
			alice,
		);
		const [, , outcome] = only(reviewed.events, 'datanets', 'Reviewed');
		assert.deepEqual(outcome.asAccepted.toJSON(), scores);
		const [, version, root, blocks] = only(reviewed.events, 'datanets', 'Published');
		assert.equal(version.toNumber(), 1);
		assert.equal(root.toHex(), u8aToHex(merkleRoot([contribution[3].toU8a()])));
		assert.equal(blocks.toNumber(), 1);

		const buy = (maximum) => api.tx.datanets.buyLicence(datanet, FINE_TUNE, maximum);
		await assert.rejects(send(buy(terms.price - 1n), dave), /^Error: datanets\.AboveMaximum$/);
		const curator = await free(api, alice.address);
		const bought = await send(buy(terms.price), dave);
		const [, who, rights, expires, price] = only(bought.events, 'datanets', 'LicenceBought');
		assert.equal(who.toString(), dave.address);
		assert.equal(rights.toNumber(), FINE_TUNE);
		const { number } = await api.rpc.chain.getHeader(bought.block);
		assert.equal(expires.unwrap().toNumber(), number.toNumber() + terms.period);
		assert.equal(price.toBigInt(), terms.price);
		// 5 % for the protocol, 5 % of the rest for the curator, the remainder for the rows.
		const rest = (terms.price * 95n) / 100n;
		assert.equal((await free(api, alice.address)) - curator, (rest * 5n) / 100n);
		const due = (rest * 95n) / 100n;
		assert.equal(only(bought.events, 'datanets', 'RowsRewarded')[1].toBigInt(), due);

		const contributor = await free(api, bob.address);
		const claimed = await send(api.tx.datanets.claimFor(datanet, bob.address), dave);
		const paid = only(claimed.events, 'datanets', 'Claimed')[2].toBigInt();
		// Shares are rounded down, by less than one wei.
		assert.ok(paid === due || paid === due - 1n, `${paid} of ${due}`);
		assert.equal((await free(api, bob.address)) - contributor, paid);
	});

	test('nominator_should_back_a_validator_when_it_bonds_and_nominates', async () => {
		const [validator] = await api.query.session.validators();
		const { events } = await send(
			api.tx.utility.batchAll([
				api.tx.staking.bond(1_000n * OPEN, 'Staked'),
				api.tx.staking.nominate([validator]),
			]),
			charlie,
		);
		const [stash, amount] = only(events, 'staking', 'Bonded');
		assert.equal(stash.toString(), charlie.address);
		assert.equal(amount.toBigInt(), 1_000n * OPEN);
		const ledger = (await api.query.staking.ledger(charlie.address)).unwrap();
		assert.equal(ledger.active.toBigInt(), 1_000n * OPEN);
		const { targets } = (await api.query.staking.nominators(charlie.address)).unwrap();
		assert.deepEqual(targets.map(String), [validator.toString()]);
		// What polkadot-js Apps shows on its staking page.
		const account = await api.derive.staking.account(charlie.address);
		assert.equal(account.stakingLedger.active.toBigInt(), 1_000n * OPEN);
		assert.equal(account.redeemable.toBigInt(), 0n);
	});

	test('native_and_ethereum_accounts_should_pay_each_other_when_both_are_used', async () => {
		const ethereum = new JsonRpcProvider(node.http, undefined, { pollingInterval: 200 });
		try {
			const wallet = new Wallet(ALITH, ethereum);
			const native = keyring.encodeAddress(
				u8aConcat(hexToU8a(wallet.address), new Uint8Array(12).fill(0xee)),
			);
			const before = await ethereum.getBalance(wallet.address);
			await send(api.tx.balances.transferKeepAlive(native, 5n * OPEN), alice);
			assert.equal(await ethereum.getBalance(wallet.address), before + 5n * OPEN);
			const to = '0x00000000000000000000000000000000000c0ffe';
			const sent = await wallet.sendTransaction({ to, value: parseEther('1') });
			assert.equal((await sent.wait()).status, 1);
			const target = u8aConcat(hexToU8a(to), new Uint8Array(12).fill(0xee));
			assert.equal(await ethereum.getBalance(to), OPEN);
			assert.ok((await free(api, target)) >= OPEN);
		} finally {
			ethereum.destroy();
		}
	});

	test('every_block_should_decode_when_read_from_genesis_to_the_last_final_one', async () => {
		const best = await api.rpc.chain.getHeader();
		const last = (await finalized(api, best.number.toNumber())).number.toNumber();
		const { calls, events } = await decodeAll(api, last);
		assert.equal(calls.get('timestamp.set'), last, 'each block but genesis has a time');
		for (const call of ['datanets.create', 'utility.batchAll', 'revive.ethTransact']) {
			assert.ok(calls.has(call), call);
		}
		for (const event of ['datanets.LicenceBought', 'staking.Bonded', 'balances.Transfer']) {
			assert.ok(events.has(event), event);
		}
	});
});

describe('a chain whose validators are not all there', { concurrency: false }, () => {
	let node;
	let api;

	before(async () => {
		node = await startNode({
			name: 'local-alice',
			args: ['--chain', rawChain('local'), '--alice', '--force-authoring'],
			nodeKey: '1'.repeat(64),
		});
		api = await connect(node);
	});
	after(async () => {
		await api?.disconnect();
		await node?.stop();
	});

	test('heartbeat_should_be_included_and_decode_when_a_silent_validator_sends_one', async () => {
		const keys = await api.query.imOnline.keys();
		const authorityIndex = keys.findIndex((key) => u8aToHex(key) === u8aToHex(bob.publicKey));
		assert.ok(authorityIndex >= 0, 'Bob is a validator');
		const heartbeat = api.createType('PalletImOnlineHeartbeat', {
			blockNumber: 1,
			sessionIndex: await api.query.session.currentIndex(),
			authorityIndex,
			validatorsLen: (await api.query.session.validators()).length,
		});
		const signature = bob.sign(heartbeat.toU8a());
		const { method } = api.tx.imOnline.heartbeat(heartbeat, signature);
		// An authorized call travels as a general transaction of version 5: extensions, no signature.
		// Of them the lifetime, the nonce, the tip and the metadata mode have a byte each.
		const body = u8aConcat([GENERAL, 0], [0, 0, 0, 0], method.toU8a());
		const bytes = u8aToHex(u8aConcat(compactToU8a(body.length), body));
		const included = new Promise((resolve, reject) => {
			api.rpc.chain
				.subscribeNewHeads(async ({ hash, number }) => {
					const { block } = await api.rpc.chain.getBlock(hash);
					const found = block.extrinsics.find(({ method }) => method.section === 'imOnline');
					if (found) resolve({ hash, number: number.toNumber(), method: found.method });
				})
				.catch(reject);
		});
		// As bytes: polkadot-js reads general transactions, and writes them wrong.
		await api._rpcCore.provider.send('author_submitExtrinsic', [bytes]);
		const { hash, number, method: read } = await included;
		assert.equal(read.toHex(), method.toHex());
		const events = await (await api.at(hash)).query.system.events();
		const received = events.map(({ event }) => event);
		const [key] = only(received, 'imOnline', 'HeartbeatReceived');
		assert.equal(u8aToHex(key), u8aToHex(bob.publicKey));
		assert.equal((await decodeAll(api, number)).calls.get('imOnline.heartbeat'), 1);
	});
});

/** What stands for a row in the Merkle tree of its batch: the hash of its SCALE encoding. */
function rowItem({ hash, bytes }) {
	const length = new Uint8Array(4);
	new DataView(length.buffer).setUint32(0, bytes, true);
	return blake2AsU8a(u8aConcat(hash, length));
}

/** BLAKE2b-256 tree; leaves and nodes in domains 0 and 1, a node without a sibling moves up. */
function merkleRoot(items) {
	let layer = items.map((item) => blake2AsU8a(u8aConcat([0], item)));
	while (layer.length > 1) {
		const above = [];
		for (let at = 0; at < layer.length; at += 2) {
			const [left, right] = layer.slice(at, at + 2);
			above.push(right ? blake2AsU8a(u8aConcat([1], left, right)) : left);
		}
		layer = above;
	}
	return layer[0];
}
