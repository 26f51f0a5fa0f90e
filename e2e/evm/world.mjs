// What a scenario acts with: an account of its own on one of the chains. The same scenario, played
// on two chains, has the same accounts, nonces and so addresses on both.

import * as viem from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { ALITH, CHAIN_ID, PATIENCE } from './chain.mjs';

export const OPEN = 10n ** 18n;
const POLL = 100;

/** The account that anybody finds by this name. */
export function account(name) {
	return privateKeyToAccount(viem.keccak256(viem.stringToHex(name)));
}

/** Clients of viem for a chain. */
export function clients(chain) {
	const definition = viem.defineChain({
		id: CHAIN_ID,
		name: chain.name,
		nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 },
		rpcUrls: { default: { http: [chain.http] } },
	});
	const options = { chain: definition, transport: viem.http(undefined, { retryCount: 0 }) };
	const patient = { ...options, pollingInterval: POLL, cacheTime: 0 };
	return {
		reader: viem.createPublicClient(patient),
		wallet: (signer) => viem.createWalletClient({ ...patient, account: signer }),
	};
}

/** Gives each of the named accounts `value` wei of alith's, and waits for the last. */
export async function fund(chain, names, value = 1_000n * OPEN) {
	const { reader, wallet } = clients(chain);
	const alith = privateKeyToAccount(ALITH);
	const sender = wallet(alith);
	let nonce = await reader.getTransactionCount({ address: alith.address, blockTag: 'pending' });
	const hashes = [];
	for (const name of names) {
		const to = account(name).address;
		hashes.push(await sender.sendTransaction({ to, value, nonce, gas: 21_000n }));
		nonce += 1;
	}
	for (const hash of hashes) {
		const { status } = await reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
		if (status !== 'success') throw new Error(`${chain.name}: money did not arrive: ${hash}`);
	}
}

/** An account on a chain and the contracts it deploys. */
export class World {
	constructor(chain, name) {
		this.chain = chain;
		this.me = account(name);
		const { reader, wallet } = clients(chain);
		this.reader = reader;
		this.wallet = wallet(this.me);
		this.name = name;
	}

	/** Somebody else, of whom this scenario has the key. */
	other(name) {
		return account(`${this.name}: ${name}`);
	}

	/**
	 * Sends a transaction and waits until it is in a block.
	 *
	 * @throws {Error} with what a call says, if the transaction failed
	 */
	async send(request) {
		const hash = await this.wallet.sendTransaction(request);
		const receipt = await this.receipt(hash);
		if (receipt.status !== 'success') {
			const { gasUsed, blockNumber } = receipt;
			const why = await this.reader
				.call({ account: this.me, ...request, blockNumber: blockNumber - 1n })
				.then(() => 'a call succeeds', ({ shortMessage }) => shortMessage);
			throw new Error(`${this.chain.name}: ${hash} failed with ${gasUsed} gas: ${why}`);
		}
		return receipt;
	}

	/** The receipt of a transaction, once it is in a block. */
	receipt(hash) {
		return this.reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
	}

	/** Deploys; the contract can be used when this resolves. */
	async deploy({ abi, bytecode }, ...args) {
		const { contractAddress } = await this.send({
			data: viem.encodeDeployData({ abi, bytecode, args }),
		});
		return this.at(contractAddress, abi);
	}

	/** A contract that is there already. */
	at(address, abi) {
		return { address: viem.getAddress(address), abi };
	}

	/** What a view function gives. */
	read({ address, abi }, functionName, ...args) {
		return this.reader.readContract({ address, abi, functionName, args, account: this.me });
	}

	/** Calls a function in a transaction; `value` are its wei, and gas is estimated if absent. */
	write(contract, functionName, args, value = 0n, gas = undefined) {
		const { address: to, abi } = contract;
		const data = viem.encodeFunctionData({ abi, functionName, args });
		return this.send({ to, value, gas, data });
	}

	/** The names and arguments of a contract's events in a receipt, in order. */
	events({ address, abi }, { logs }) {
		return viem
			.parseEventLogs({ abi, logs: logs.filter((log) => viem.isAddressEqual(log.address, address)) })
			.map(({ eventName, args }) => ({ eventName, args }));
	}

	/** The error that calling a function reverts with; undefined if it does not. */
	async refusal({ address, abi }, functionName, ...args) {
		try {
			await this.reader.simulateContract({ address, abi, functionName, args, account: this.me });
		} catch (error) {
			const reverted = error.walk((part) => part instanceof viem.ContractFunctionRevertedError);
			if (!reverted) throw error;
			const { data, raw } = reverted;
			return data ? { name: data.errorName, args: data.args } : { raw };
		}
		return undefined;
	}
}
