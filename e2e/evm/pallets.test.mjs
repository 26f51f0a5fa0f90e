// What a wallet such as MetaMask can do beyond Ethereum: the chain's own calls, sent as data to the
// address of the runtime, and the precompiles. All by ethers, with ordinary transactions.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as ethers from 'ethers';
import { connect } from '../node.mjs';
import { openledger } from './chain.mjs';
import { account, fund, OPEN } from './world.mjs';

/** Whoever sends a transaction here calls the runtime: its data is the SCALE-encoded call. */
const RUNTIME = '0x6d6f646c70792f70616464720000000000000000';
const DATANETS = '0x000000000000000000000000000000000a010000';
const FINE_TUNE = 2;
const PRICE = 2n * OPEN;

/** What is used of `IDatanets`, as a person copies it from the precompile's interface. */
const INTERFACE = [
	'event Created(uint32 indexed id, address indexed owner)',
	'event Contributed(uint32 indexed id, uint32 indexed batch, address indexed contributor, ' +
		'uint32 rows)',
	'event Claimed(uint32 indexed id, address indexed account, uint256 amount)',
	'function create(string name, uint16 rights, uint256 price, uint32 period, ' +
		'uint16 curatorCut) returns (uint32)',
	'function contribute(uint32 id, bytes32[] hashes, uint32[] lengths) returns (uint32)',
	'function buyLicence(uint32 id, uint16 rights, uint256 maximum)',
	'function isLicensed(uint32 id, address account, uint16 rights) view returns (bool)',
	'function claimable(uint32 id, address account) view returns (uint256)',
	'function claim(uint32 id, address account) returns (uint256)',
];

/** The account that an Ethereum address has among the native ones. */
const native = (address) => `${address}${'ee'.repeat(12)}`.toLowerCase();

describe('the chain in a wallet', { concurrency: false }, () => {
	const names = ['staker', 'curator', 'contributor', 'buyer', 'another buyer'];
	const wallets = {};
	const precompiles = {};
	let chain;
	let api;
	let provider;
	let datanet;

	before(async () => {
		chain = await openledger();
		await fund(chain, names.map((name) => `pallets ${name}`));
		api = await connect(chain);
		const options = { pollingInterval: 200, cacheTimeout: -1 };
		provider = new ethers.JsonRpcProvider(chain.http, undefined, options);
		for (const name of names) {
			const key = ethers.id(`pallets ${name}`);
			wallets[name] = new ethers.Wallet(key, provider);
			assert.equal(wallets[name].address, account(`pallets ${name}`).address);
			precompiles[name] = new ethers.Contract(DATANETS, INTERFACE, wallets[name]);
		}
	});
	after(async () => {
		provider?.destroy();
		await api?.disconnect();
		await chain?.stop();
	});

	/** Sends a request with its own estimate, and checks that this was enough and what it cost. */
	async function sent(name, request) {
		const wallet = wallets[name];
		const gasLimit = await wallet.estimateGas(request);
		const before = await provider.getBalance(wallet.address);
		const transaction = await wallet.sendTransaction({ ...request, gasLimit });
		const receipt = await transaction.wait();
		assert.equal(receipt.status, 1);
		assert.ok(receipt.gasUsed <= gasLimit, `${receipt.gasUsed} used, ${gasLimit} estimated`);
		const fee = receipt.gasUsed * receipt.gasPrice;
		assert.ok(fee > 0n && fee <= gasLimit * transaction.maxFeePerGas, `${fee} wei`);
		return { receipt, before, fee };
	}
	/** What the chain says that a call of the runtime was charged. */
	async function charged({ blockNumber, from }) {
		const at = await api.at(await api.rpc.chain.getBlockHash(blockNumber));
		const paid = (await at.query.system.events())
			.filter(({ event }) => event.method === 'TransactionFeePaid')
			.map(({ event }) => event.data)
			.find(([who]) => who.toHex() === native(from));
		return paid[1].toBigInt();
	}
	/** Rows of these texts, as pallet and precompile take them: BLAKE2b-256 and length. */
	const rows = (...texts) =>
		texts.map((text) => ({
			hash: api.registry.hash(ethers.toUtf8Bytes(text)).toHex(),
			bytes: text.length,
		}));
	/** Makes a call of the runtime by a transaction. */
	const called = (name, call) => sent(name, { to: RUNTIME, data: call.method.toHex() });
	/** Makes a call of the precompile by a transaction. */
	const precompiled = async (name, method, ...args) =>
		sent(name, await precompiles[name][method].populateTransaction(...args));
	/** The arguments of the precompile's event in a receipt. */
	const event = ({ logs }, wanted) =>
		logs
			.filter(({ address }) => address.toLowerCase() === DATANETS)
			.map((log) => precompiles.curator.interface.parseLog(log))
			.find((log) => log?.name === wanted).args;

	test('account_should_stake_when_it_bonds_and_nominates_by_transactions', async () => {
		const [validator] = await api.query.session.validators();
		const staker = native(wallets.staker.address);
		const bond = 200n * OPEN;
		const { before, fee } = await called('staker', api.tx.staking.bond(bond, 'Staked'));
		const ledger = (await api.query.staking.ledger(staker)).unwrap();
		assert.equal(ledger.active.toBigInt(), bond);
		// What is staked is no longer there to spend.
		assert.equal(await provider.getBalance(wallets.staker.address), before - bond - fee);

		await called('staker', api.tx.staking.nominate([validator]));
		const { targets } = (await api.query.staking.nominators(staker)).unwrap();
		assert.deepEqual(targets.map(String), [`${validator}`]);
		assert.equal(await provider.getTransactionCount(wallets.staker.address), 2);
	});

	test('datanet_should_take_batches_when_they_come_by_call_and_by_precompile', async () => {
		const terms = ['Recipes', FINE_TUNE, PRICE, 0, 500];
		const created = await precompiled('curator', 'create', ...terms);
		datanet = event(created.receipt, 'Created').id;

		const first = rows('Salt the water.', 'Rest the dough.');
		const call = await called('contributor', api.tx.datanets.contribute(datanet, first));
		assert.equal(event(call.receipt, 'Contributed').rows, 2n);
		const [third] = rows('Toast the spice.');
		const { receipt } = await precompiled(
			...['contributor', 'contribute', datanet, [third.hash], [third.bytes]],
		);
		const { batch, contributor } = event(receipt, 'Contributed');
		assert.equal(batch, 1n);
		assert.equal(contributor, wallets.contributor.address);
		for (const [id, count] of [[0, 2], [1, 1]]) {
			const stored = (await api.query.datanets.batches(datanet, id)).unwrap();
			assert.equal(stored.contributor.toHex(), native(wallets.contributor.address), `batch ${id}`);
			assert.equal(stored.rows.toNumber(), count, `rows of batch ${id}`);
		}
	});

	test('contributor_should_be_paid_when_it_claims_by_call_and_by_precompile', async () => {
		const scores = { authenticity: 90, ownership: 100, quality: 80, uniqueness: 70 };
		await called(
			'curator',
			api.tx.utility.batchAll([
				...[0, 1].map((batch) => api.tx.datanets.review(datanet, batch, { Accept: scores })),
				api.tx.datanets.publish(datanet, [0, 1]),
			]),
		);
		const { address } = wallets.contributor;
		const claims = {
			buyer: () => called('contributor', api.tx.datanets.claimFor(datanet, native(address))),
			'another buyer': () => precompiled('contributor', 'claim', datanet, address),
		};
		for (const [buyer, claim] of Object.entries(claims)) {
			await precompiled(buyer, 'buyLicence', datanet, FINE_TUNE, PRICE);
			const licensed = [datanet, wallets[buyer].address, FINE_TUNE];
			assert.ok(await precompiles.buyer.isLicensed(...licensed));
			const due = await precompiles.buyer.claimable(datanet, address);
			// 5 % for the protocol and 5 % of the rest for the curator; shares are rounded down.
			const share = (((PRICE * 95n) / 100n) * 95n) / 100n;
			assert.ok(due <= share && due >= share - 4n, `${due} of ${share}`);
			const { before, fee, receipt } = await claim();
			assert.equal(await provider.getBalance(address), before + due - fee);
			assert.equal(await precompiles.buyer.claimable(datanet, address), 0n);
			assert.equal(event(receipt, 'Claimed').amount, due);
		}
	});

	test('estimate_should_be_refused_when_the_call_would_fail', async () => {
		const known = api.tx.datanets.contribute(datanet, rows('Salt the water.'));
		const request = { to: RUNTIME, data: known.method.toHex() };
		await assert.rejects(wallets.contributor.estimateGas(request), (error) =>
			/RowKnown/.test(error.info.error.message),
		);
		// Sent all the same, it fails in its block, costs its fee, and changes nothing.
		const before = await provider.getBalance(wallets.contributor.address);
		const sent = await wallets.contributor.sendTransaction({ ...request, gasLimit: 1_000_000n });
		const receipt = await provider.waitForTransaction(sent.hash);
		assert.equal(receipt.status, 0);
		const fee = await charged(receipt);
		assert.ok(fee > 0n);
		assert.equal(await provider.getBalance(wallets.contributor.address), before - fee);
	});

	test('receipt_should_say_what_was_charged_when_the_runtime_is_called', async () => {
		const { receipt, fee } = await called('staker', api.tx.system.remark('0x01'));
		assert.equal(await charged(receipt), fee);
		assert.deepEqual([...receipt.logs], []);
	});

	test('transaction_should_be_refused_when_it_is_no_call_of_the_runtime', async () => {
		const remark = api.tx.system.remark('0x01').method.toHex();
		for (const [why, request] of Object.entries({
			'money comes with it': { to: RUNTIME, data: remark, value: 1n },
			'nothing can be read': { to: RUNTIME, data: '0xffffffff' },
			'something is left over': { to: RUNTIME, data: `${remark}00` },
		})) {
			await assert.rejects(wallets.staker.estimateGas(request), undefined, why);
			await assert.rejects(
				wallets.staker.sendTransaction({ ...request, gasLimit: 100_000n }),
				undefined,
				why,
			);
		}
		// And by an account without rights, as the pallet decides.
		const root = api.tx.system.setHeapPages(1).method.toHex();
		await assert.rejects(wallets.staker.estimateGas({ to: RUNTIME, data: root }));
	});
});
