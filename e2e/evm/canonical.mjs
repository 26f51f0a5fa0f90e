// Contracts that wallets and libraries look for at one address on every chain, and the way each
// gets there: a transaction that nobody has the key of, or a factory whose addresses follow from
// salt and code.

import * as viem from 'viem';
import * as contracts from './contracts.mjs';

/** What a transaction may take, in milliseconds. */
const PATIENCE = 120_000;

/** The deterministic deployment proxy, which a chain of ours has from genesis. */
export const CREATE2_PROXY = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
/** The same at the address from which Safe's contracts have theirs, from genesis too. */
export const SAFE_FACTORY = '0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7';

/** The signature that makes Multicall3's deployment a transaction of a sender without a key. */
const MULTICALL3_SIGNATURE = {
	r: '0xedce47092c0f398cebf3ffc267f05c8e7076e3b89445e0fe50f6332273d4569b',
	s: '0x1b0b9d000e19b24c5869b0fc3b22b0d6fa47cd63316875cbbd577d76e6fde086',
	v: 28n,
};
const SALTS = {
	permit2: '0x0000000000000000000000000000000000000000d3af2663da51c10215000000',
	erc6551: '0x0000000000000000000000000000000000000000fd8eb4e1dca713016c518e31',
	entryPoint: '0x90d8084deab30c2a37c45e8d47f49f2f7965183cb6990a98943ef94940681de3',
};

/** Safe 1.4.1 on other chains. */
const SAFE = {
	Safe: '0x41675C099F32341bf84BFc5382aF534df5C7461a',
	SafeL2: '0x29fcB43b46531BcA003ddC8FCB67FFE91900C762',
	SafeProxyFactory: '0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67',
	CompatibilityFallbackHandler: '0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99',
	MultiSend: '0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526',
	MultiSendCallOnly: '0x9641d764fc13c8B624c04430C7356C1C7C8102e2',
};

/** A deployment by the first transaction of a sender whose key nobody has. */
async function keyless(name, canonical, transaction) {
	const { gas, gasPrice, data } = viem.parseTransaction(transaction);
	const from = await viem.recoverTransactionAddress({ serializedTransaction: transaction });
	const address = viem.getContractAddress({ from, nonce: 0n });
	return { name, canonical, address, from, transaction, cost: gas * gasPrice, code: data };
}

/** A deployment by a factory. */
function made(name, canonical, factory, salt, { bytecode, abi }) {
	const address = viem.getContractAddress({ opcode: 'CREATE2', from: factory, salt, bytecode });
	return { name, canonical, address, factory, salt, code: bytecode, abi };
}

async function multicall3() {
	const { bytecode } = contracts.canonicalMulticall3();
	const gasPrice = 100n * 10n ** 9n;
	return keyless(
		'Multicall3',
		'0xcA11bde05977b3631167028862bE2a173976CA11',
		viem.serializeTransaction(
			{ type: 'legacy', nonce: 0, gasPrice, gas: 1_000_000n, data: bytecode },
			MULTICALL3_SIGNATURE,
		),
	);
}

/**
 * What belongs on a chain, in the order of deployment.
 *
 * @returns {Promise<object[]>} each with its `name`, the address that other chains have it at
 *   (`canonical`), the one that it has here (`address`), and how it comes to be
 */
export async function plan() {
	return [
		{ name: 'CREATE2 proxy', canonical: CREATE2_PROXY, address: CREATE2_PROXY },
		await multicall3(),
		made(
			...['Permit2', '0x000000000022D473030F116dDEE9F6B43aC78BA3', CREATE2_PROXY, SALTS.permit2],
			contracts.permit2(),
		),
		made(
			...['ERC-6551 registry', '0x000000006551c19487814612e58FE06813775758', CREATE2_PROXY],
			...[SALTS.erc6551, contracts.erc6551Registry()],
		),
		made(
			...['EntryPoint v0.7', '0x0000000071727De22E5E9d8BAf0edAc6f37da032', CREATE2_PROXY],
			...[SALTS.entryPoint, contracts.entryPointV07()],
		),
		{ name: 'Safe singleton factory', canonical: SAFE_FACTORY, address: SAFE_FACTORY },
		...Object.entries(contracts.safeSuite()).map(([name, contract]) =>
			made(`${name} 1.4.1`, SAFE[name], SAFE_FACTORY, viem.zeroHash, contract),
		),
	];
}

/**
 * Puts on a chain what it lacks. A second run finds all there and sends nothing.
 *
 * @param {string} url of the chain's RPC
 * @param {object} payer an account of viem that pays
 * @returns {Promise<object[]>} the plan, each with its `state` and, where there is code, its `hash`
 * @throws {Error} if a deployment fails or makes no contract
 */
export async function install(url, payer) {
	const transport = viem.http(url, { retryCount: 0 });
	const id = await viem.createPublicClient({ transport }).getChainId();
	const chain = viem.defineChain({
		...{ id, name: `chain ${id}`, nativeCurrency: { name: 'OPEN', symbol: 'OPEN', decimals: 18 } },
		rpcUrls: { default: { http: [url] } },
	});
	const options = { chain, transport, pollingInterval: 200, cacheTime: 0 };
	const reader = viem.createPublicClient(options);
	const wallet = viem.createWalletClient({ ...options, account: payer });
	const codeOf = ({ address }) => reader.getCode({ address });

	const items = await plan();
	const before = await Promise.all(items.map(codeOf));
	const missing = items.filter((_, i) => !before[i]);
	let nonce = await reader.getTransactionCount({ address: payer.address });
	/** Sends all at once, so that they share blocks, and waits for all. */
	const send = async (requests) => {
		const hashes = [];
		for (const request of requests) {
			hashes.push(await wallet.sendTransaction({ ...request, nonce }));
			nonce += 1;
		}
		await arrive(hashes);
	};
	const arrive = async (hashes) => {
		for (const hash of hashes) {
			const { status } = await reader.waitForTransactionReceipt({ hash, timeout: PATIENCE });
			if (status !== 'success') throw new Error(`the transaction ${hash} failed`);
		}
	};
	const presigned = missing.filter(({ transaction }) => transaction);
	const lacks = async ({ from, cost }) => cost - (await reader.getBalance({ address: from }));
	const payments = await Promise.all(
		presigned.map(async (item) => ({ to: item.from, value: await lacks(item) })),
	);
	await send(payments.filter(({ value }) => value > 0n));
	await arrive(
		await Promise.all(
			presigned.map(({ transaction: serializedTransaction }) =>
				reader.sendRawTransaction({ serializedTransaction }),
			),
		),
	);
	await send(
		missing
			.filter(({ factory }) => factory)
			.map(({ factory, salt, code }) => ({ to: factory, data: viem.concat([salt, code]) })),
	);

	return Promise.all(
		items.map(async (item, i) => {
			const code = await codeOf(item);
			const possible = item.factory || item.transaction;
			if (!code && possible) throw new Error(`${item.name}: no code at ${item.address}`);
			const made = possible ? 'deployed' : 'belongs into the genesis';
			return { ...item, state: before[i] ? 'was there' : made, hash: code && viem.keccak256(code) };
		}),
	);
}

/** The lines of a table of what `install` found and made. */
export function table(items) {
	const rows = items.map(({ name, address, canonical, hash, state }) => [
		...[name, address, hash ? (address === canonical ? 'yes' : 'no') : '-', hash ?? '-', state],
	]);
	const all = [['contract', 'address', 'canonical', 'code hash', 'state'], ...rows];
	const widths = all[0].map((_, i) => Math.max(...all.map((cells) => cells[i].length)));
	return all.map((cells) => cells.map((cell, i) => cell.padEnd(widths[i])).join('  ').trimEnd());
}
