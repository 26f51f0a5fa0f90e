// What an Ethereum developer does, with ethers and with viem: neither knows more of the chain than
// its address. The same checks run with both, each on accounts of its own.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as ethers from 'ethers';
import * as viem from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { compile } from './contracts.mjs';
import { PATIENCE, startNode } from './node.mjs';

const CHAIN_ID = 918_273;
const OPEN = 10n ** 18n;
const EXISTENTIAL_DEPOSIT = 10n ** 9n;
/** Keys that every Ethereum development tool knows, rich on a development chain. */
const ALITH = '0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133';
const BALTATHAR = '0x8075991ce870b93a8870eca0c0f91913d12f47948ca0fd25b49c6fa7cdbeee8b';
const POLL = 250;

const counter = compile('Counter');

/** The checks in the words of ethers. */
class Ethers {
	constructor(node, key) {
		// A cached nonce would be an old one here, where blocks are awaited and not guessed.
		const options = { pollingInterval: POLL, cacheTimeout: -1 };
		this.http = new ethers.JsonRpcProvider(node.http, undefined, options);
		this.socket = new ethers.WebSocketProvider(node.ws);
		this.wallet = new ethers.Wallet(key, this.http);
		this.address = this.wallet.address;
	}
	async chainId() {
		return Number((await this.http.getNetwork()).chainId);
	}
	async block(id) {
		const { number, hash, parentHash, gasLimit, timestamp } = await this.http.getBlock(id);
		return { number: BigInt(number), hash, parentHash, gasLimit, timestamp: BigInt(timestamp) };
	}
	balance(address) {
		return this.http.getBalance(address);
	}
	nonce(address, at) {
		return this.http.getTransactionCount(address, at);
	}
	estimate(request) {
		return this.http.estimateGas({ from: this.address, ...request });
	}
	async submit(request) {
		return (await this.wallet.sendTransaction(request)).hash;
	}
	async legacy(request) {
		return (await this.wallet.sendTransaction({ ...request, type: 0 })).hash;
	}
	async accessList(request) {
		return (await this.wallet.sendTransaction({ ...request, type: 1, accessList: [] })).hash;
	}
	async transaction(hash) {
		const { from, to, value, nonce, blockNumber } = await this.http.getTransaction(hash);
		return { from, to, value, nonce, pending: blockNumber === null };
	}
	async receipt(hash) {
		const found = await this.http.waitForTransaction(hash, 1, PATIENCE);
		return {
			success: found.status === 1,
			gasUsed: found.gasUsed,
			gasPrice: found.gasPrice,
			blockHash: found.blockHash,
			blockNumber: BigInt(found.blockNumber),
			contract: found.contractAddress,
			logs: found.logs,
		};
	}
	async deploy() {
		const factory = new ethers.ContractFactory(counter.abi, counter.bytecode, this.wallet);
		return (await factory.deploy()).deploymentTransaction().hash;
	}
	contractAddress(nonce) {
		return ethers.getCreateAddress({ from: this.address, nonce });
	}
	code(address) {
		return this.http.getCode(address);
	}
	increase(contract, by) {
		const data = new ethers.Interface(counter.abi).encodeFunctionData('increase', [by]);
		return { to: contract, data };
	}
	count(contract) {
		return new ethers.Contract(contract, counter.abi, this.http).count();
	}
	increased(log) {
		const { name, args } = new ethers.Interface(counter.abi).parseLog(log);
		return { name, by: args.by, value: args.value };
	}
	logs(contract, fromBlock) {
		const found = new ethers.Contract(contract, counter.abi, this.http);
		return found.queryFilter(found.filters.Increased(this.address), Number(fromBlock));
	}
	async revert(contract, by) {
		try {
			await new ethers.Contract(contract, counter.abi, this.wallet).increase.staticCall(by);
		} catch (error) {
			return error.revert.name === 'Error'
				? error.reason
				: { name: error.revert.name, args: [...error.revert.args] };
		}
		return undefined;
	}
	newHeads(count) {
		return collect(count, (seen, failed) => {
			const listener = (number) => this.socket.getBlock(number).then(seen, failed);
			this.socket.on('block', listener).catch(failed);
			return () => this.socket.off('block', listener);
		});
	}
	watch(contract) {
		const found = new ethers.Contract(contract, counter.abi, this.socket);
		return collect(1, (seen, failed) => {
			const listener = (by, value) => seen({ by, value });
			found.on('Increased', listener).catch(failed);
			return () => found.off('Increased', listener);
		});
	}
	async refusal(request) {
		const rich = await this.http.getFeeData();
		try {
			await this.wallet.sendTransaction({
				gasLimit: 30_000n,
				maxFeePerGas: rich.maxFeePerGas,
				...request,
			});
		} catch (error) {
			return { NONCE_EXPIRED: 'nonce', INSUFFICIENT_FUNDS: 'funds' }[error.code] ?? error.code;
		}
		return undefined;
	}
	async close() {
		this.http.destroy();
		await this.socket.destroy();
	}
}

/** The checks in the words of viem. */
class Viem {
	constructor(node, key) {
		const chain = viem.defineChain({
			id: CHAIN_ID,
			name: 'OpenLedger',
			nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 },
			rpcUrls: { default: { http: [node.http], webSocket: [node.ws] } },
		});
		const options = { chain, transport: viem.http(), pollingInterval: POLL, cacheTime: 0 };
		this.http = viem.createPublicClient(options);
		this.socket = viem.createPublicClient({ ...options, transport: viem.webSocket() });
		this.wallet = viem.createWalletClient({ ...options, account: privateKeyToAccount(key) });
		this.address = this.wallet.account.address;
	}
	chainId() {
		return this.http.getChainId();
	}
	block(id) {
		const name = { [typeof id]: id };
		return this.http.getBlock({
			blockTag: name.string?.startsWith('0x') ? undefined : name.string,
			blockHash: name.string?.startsWith('0x') ? name.string : undefined,
			blockNumber: name.number === undefined ? undefined : BigInt(name.number),
		});
	}
	balance(address) {
		return this.http.getBalance({ address });
	}
	nonce(address, blockTag) {
		return this.http.getTransactionCount({ address, blockTag });
	}
	estimate(request) {
		return this.http.estimateGas({ account: this.address, ...request });
	}
	submit({ gasLimit, ...request }) {
		return this.wallet.sendTransaction({ ...request, gas: gasLimit });
	}
	legacy(request) {
		return this.wallet.sendTransaction({ ...request, type: 'legacy' });
	}
	accessList(request) {
		return this.wallet.sendTransaction({ ...request, type: 'eip2930', accessList: [] });
	}
	async transaction(hash) {
		const { from, to, value, nonce, blockNumber } = await this.http.getTransaction({ hash });
		return {
			from: viem.getAddress(from),
			to: viem.getAddress(to),
			value,
			nonce,
			pending: blockNumber === null,
		};
	}
	async receipt(hash) {
		const found = await this.http.waitForTransactionReceipt({ hash, timeout: PATIENCE });
		return {
			success: found.status === 'success',
			gasUsed: found.gasUsed,
			gasPrice: found.effectiveGasPrice,
			blockHash: found.blockHash,
			blockNumber: found.blockNumber,
			contract: found.contractAddress ? viem.getAddress(found.contractAddress) : null,
			logs: found.logs,
		};
	}
	deploy() {
		return this.wallet.deployContract({ abi: counter.abi, bytecode: counter.bytecode });
	}
	contractAddress(nonce) {
		return viem.getContractAddress({ from: this.address, nonce: BigInt(nonce) });
	}
	code(address) {
		return this.http.getCode({ address });
	}
	increase(contract, by) {
		const call = { abi: counter.abi, functionName: 'increase', args: [by] };
		return { to: contract, data: viem.encodeFunctionData(call) };
	}
	count(address) {
		return this.http.readContract({ address, abi: counter.abi, functionName: 'count' });
	}
	increased(log) {
		const { eventName, args } = viem.decodeEventLog({ abi: counter.abi, ...log });
		return { name: eventName, ...args };
	}
	logs(address, fromBlock) {
		return this.http.getContractEvents({
			...{ address, abi: counter.abi, eventName: 'Increased', fromBlock, strict: true },
			args: { by: this.address },
		});
	}
	async revert(address, by) {
		try {
			await this.http.simulateContract({
				...{ address, abi: counter.abi, functionName: 'increase', args: [by] },
				account: this.address,
			});
		} catch (error) {
			const cause = error.walk((part) => part instanceof viem.ContractFunctionRevertedError);
			const { errorName: name, args } = cause.data;
			return name === 'Error' ? cause.reason : { name, args: [...args] };
		}
		return undefined;
	}
	newHeads(count) {
		return collect(count, (seen, failed) =>
			this.socket.watchBlocks({ onBlock: seen, onError: failed }),
		);
	}
	watch(address) {
		return collect(1, (seen, failed) =>
			this.socket.watchContractEvent({
				...{ address, abi: counter.abi, eventName: 'Increased', strict: true },
				onLogs: (logs) => logs.forEach(({ args }) => seen(args)),
				onError: failed,
			}),
		);
	}
	async refusal({ gasLimit = 30_000n, ...request }) {
		try {
			await this.wallet.sendTransaction({ gas: gasLimit, ...request });
		} catch (error) {
			const is = (kind) => error.walk((part) => part instanceof kind);
			if (is(viem.NonceTooLowError)) return 'nonce';
			if (is(viem.InsufficientFundsError)) return 'funds';
			return error.shortMessage;
		}
		return undefined;
	}
	async close() {
		(await this.socket.transport.getRpcClient()).close();
	}
}

/** The first `count` values of a subscription; `start` gives what ends it. */
function collect(count, start) {
	return new Promise((resolve, reject) => {
		const values = [];
		let stop;
		const end = (settle, value) => {
			clearTimeout(timer);
			stop?.();
			settle(value);
		};
		const timer = setTimeout(
			() => end(reject, new Error(`${values.length} of ${count} values came`)),
			PATIENCE,
		);
		stop = start(
			(value) => {
				values.push(value);
				if (values.length === count) end(resolve, values);
			},
			(error) => end(reject, error),
		);
	});
}

// Both at once: each has accounts of its own, and what they wait for is the next block.
describe('an Ethereum developer', { concurrency: 2 }, () => {
	let node;

	before(async () => {
		node = await startNode();
	});
	after(() => node?.stop());

	for (const [Library, key] of [
		[Ethers, ALITH],
		[Viem, BALTATHAR],
	]) {
		describe(`with ${Library.name.toLowerCase()}`, { concurrency: false }, () => {
			let client;
			let contract;
			let deployedIn;
			const fresh = () => privateKeyToAccount(generatePrivateKey()).address;

			before(() => {
				client = new Library(node, key);
			});
			after(() => client?.close());

			test('chain_should_identify_itself_when_a_wallet_is_connected', async () => {
				assert.equal(await client.chainId(), CHAIN_ID);
				// The existential deposit is not for spending, and the EVM does not show it.
				const balance = await client.balance(client.address);
				assert.equal(balance, 1_000_000n * OPEN - EXISTENTIAL_DEPOSIT);
				assert.equal(await client.nonce(client.address, 'latest'), 0);
			});

			test('new_heads_should_arrive_and_chain_when_subscribed_over_a_web_socket', async () => {
				const heads = await client.newHeads(2);
				assert.equal(BigInt(heads[1].number), BigInt(heads[0].number) + 1n);
				assert.equal(heads[1].parentHash, heads[0].hash);
				for (const head of heads) {
					const byNumber = await client.block(Number(head.number));
					assert.equal(byNumber.hash, head.hash);
					assert.deepEqual(await client.block(head.hash), byNumber);
				}
				const { gasLimit, timestamp } = await client.block('latest');
				assert.ok(gasLimit > 5_000_000n && gasLimit < 2n ** 53n, `gas limit ${gasLimit}`);
				assert.ok(Math.abs(Number(timestamp) - Date.now() / 1_000) < 60);
			});

			test('estimate_should_be_at_most_21000_gas_when_money_is_sent', async () => {
				for (const to of [fresh(), client.address]) {
					const gas = await client.estimate({ to, value: OPEN });
					assert.ok(gas <= 21_000n, `${gas} gas`);
				}
			});

			for (const [type, kind] of [
				[2, 'submit'],
				[0, 'legacy'],
				[1, 'accessList'],
			]) {
				test(`transfer_should_move_money_to_the_wei_when_its_type_is_${type}`, async () => {
					const to = fresh();
					const value = OPEN + 1n;
					const before = await client.balance(client.address);
					const nonce = await client.nonce(client.address, 'latest');
					const estimate = await client.estimate({ to, value });
					const hash = await client[kind]({ to, value });
					const seen = await client.transaction(hash);
					assert.equal(seen.from, client.address);
					assert.equal(seen.to, to);
					assert.equal(seen.value, value);
					assert.equal(seen.nonce, nonce);
					if (seen.pending) assert.equal(await client.nonce(client.address, 'pending'), nonce + 1);
					const { success, gasUsed, gasPrice, blockHash, blockNumber } = await client.receipt(hash);
					assert.ok(success);
					assert.ok(gasUsed <= estimate, `used ${gasUsed}, estimated ${estimate}`);
					assert.equal((await client.block(Number(blockNumber))).hash, blockHash);
					assert.equal(await client.balance(to), value);
					assert.equal(await client.balance(client.address), before - value - gasUsed * gasPrice);
					assert.equal(await client.nonce(client.address, 'latest'), nonce + 1);
				});
			}

			test('contract_should_have_its_code_and_address_when_deployed', async () => {
				const nonce = await client.nonce(client.address, 'latest');
				const found = await client.receipt(await client.deploy());
				assert.ok(found.success);
				assert.equal(found.contract, client.contractAddress(nonce));
				assert.equal(await client.code(found.contract), counter.deployed);
				assert.equal(await client.count(found.contract), 0n);
				contract = found.contract;
				deployedIn = found.blockNumber;
			});

			test('contract_should_count_and_log_when_called', async () => {
				const watched = client.watch(contract);
				let sum = 0n;
				for (const by of [5n, 7n]) {
					sum += by;
					const call = client.increase(contract, by);
					const estimate = await client.estimate(call);
					const { success, gasUsed, logs } = await client.receipt(await client.submit(call));
					assert.ok(success);
					assert.ok(gasUsed <= estimate, `used ${gasUsed}, estimated ${estimate}`);
					assert.equal(logs.length, 1);
					const { name, by: who, value } = client.increased(logs[0]);
					assert.deepEqual([name, who, value], ['Increased', client.address, sum]);
					assert.equal(await client.count(contract), sum);
				}
				const [{ by, value }] = await watched;
				assert.deepEqual([by, value], [client.address, 5n]);
			});

			test('logs_should_be_found_when_asked_by_contract_topic_and_range', async () => {
				const found = await client.logs(contract, deployedIn);
				assert.deepEqual(
					found.map((log) => client.increased(log).value),
					[5n, 12n],
				);
				const [first, second] = found.map((log) => BigInt(log.blockNumber));
				assert.ok(deployedIn < first && first < second);
				assert.deepEqual(await client.logs(contract, second + 1n), []);
			});

			test('reason_should_be_told_when_a_contract_reverts', async () => {
				assert.equal(await client.revert(contract, 0n), 'nothing to add');
				assert.deepEqual(await client.revert(contract, 101n), { name: 'TooMuch', args: [101n, 100n] });
				await assert.rejects(client.estimate(client.increase(contract, 0n)), /nothing to add/);
				const call = { ...client.increase(contract, 0n), gasLimit: 1_000_000n };
				const { success, gasUsed, logs } = await client.receipt(await client.submit(call));
				assert.ok(!success);
				assert.ok(gasUsed < 1_000_000n);
				assert.equal(logs.length, 0);
				assert.equal(await client.count(contract), 12n);
			});

			test('reason_should_be_told_when_a_transaction_is_refused', async () => {
				const to = fresh();
				assert.equal(await client.refusal({ to, value: 1n, nonce: 0 }), 'nonce');
				assert.equal(await client.refusal({ to, value: 2_000_000n * OPEN }), 'funds');
				assert.equal(await client.balance(to), 0n);
			});
		});
	}
});
