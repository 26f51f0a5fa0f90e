// Contracts as their authors publish them on npm, and our own small ones, compiled by solc.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { multicall3Abi } from 'viem';

const require = createRequire(import.meta.url);
const packages = new URL('node_modules/', import.meta.url);
const cache = new URL('.cache/openledger/', packages);

/** Text of a file of a package. */
const text = (path) => readFileSync(new URL(path, packages), 'utf8');

/** Interface and creation code of a contract that a package carries compiled. */
export function published(path) {
	const { abi, bytecode, evm } = JSON.parse(text(path));
	const code = bytecode ?? evm.bytecode.object;
	return { abi, bytecode: code.startsWith('0x') ? code : `0x${code}` };
}

/**
 * Compiles; equal input is compiled once and found in the packages' cache afterwards.
 *
 * @param {string} compiler the package of the compiler
 * @param {object} sources contents by path
 * @param {(path: string) => string} find contents of what they import
 */
function compiled(compiler, sources, settings, find) {
	const solc = require(compiler);
	const input = JSON.stringify({
		language: 'Solidity',
		sources: Object.fromEntries(
			Object.entries(sources).map(([path, content]) => [path, { content }]),
		),
		settings: {
			...settings,
			outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
		},
	});
	const lock = readFileSync(new URL('package-lock.json', import.meta.url));
	const key = createHash('sha256').update(input).update(lock).digest('hex').slice(0, 32);
	const kept = new URL(`${key}.json`, cache);
	if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'));
	const { errors = [], contracts } = JSON.parse(
		solc.compile(input, { import: (path) => ({ contents: find(path) }) }),
	);
	const fatal = errors.filter(({ severity }) => severity === 'error');
	if (fatal.length > 0) throw new Error(fatal.map((e) => e.formattedMessage).join('\n'));
	const found = {};
	for (const path of Object.keys(sources)) {
		for (const [name, { abi, evm }] of Object.entries(contracts[path])) {
			found[name] = { abi, bytecode: `0x${evm.bytecode.object}` };
		}
	}
	// Another process may compile the same: it sees a whole file or none.
	mkdirSync(cache, { recursive: true });
	const fresh = new URL(`${key}.${process.pid}`, cache);
	writeFileSync(fresh, JSON.stringify(found));
	renameSync(fresh, kept);
	return found;
}

/** One of `contracts/`, which may import from packages. */
export function own(name) {
	const content = readFileSync(new URL(`contracts/${name}.sol`, import.meta.url), 'utf8');
	const settings = { optimizer: { enabled: true, runs: 200 } };
	return compiled('solc', { [`${name}.sol`]: content }, settings, text)[name];
}

/** Compiles all, which takes a while the first time: nothing else goes on meanwhile. */
export function prepare() {
	for (const name of ['Token', 'Nft', 'Trader']) own(name);
	permit2();
}

/** Permit2 with the compiler and the settings that its sources name. */
export function permit2() {
	const base = '@uniswap/v4-periphery/lib/permit2/';
	const path = 'src/Permit2.sol';
	return compiled(
		'solc-0.8.17',
		{ [path]: text(`${base}${path}`) },
		{
			remappings: ['solmate/=lib/solmate/'],
			optimizer: { enabled: true, runs: 1_000_000 },
			viaIR: true,
			metadata: { bytecodeHash: 'none' },
		},
		(imported) => text(`${base}${imported}`),
	).Permit2;
}

/** Multicall3, whose creation code viem carries for chains that do not have it. */
export async function multicall3() {
	const { multicall3Bytecode } = await import(
		new URL('viem/_esm/constants/contracts.js', packages).href
	);
	return { abi: multicall3Abi, bytecode: multicall3Bytecode };
}

const v2 = (name) => published(`@uniswap/v2-core/build/${name}.json`);
const v2periphery = (name) => published(`@uniswap/v2-periphery/build/${name}.json`);
const v3 = (name) => published(`@uniswap/v3-core/artifacts/contracts/${name}.sol/${name}.json`);
const safeArtifacts = '@safe-global/safe-contracts/build/artifacts/contracts/';
const safe = (folder, name) => published(`${safeArtifacts}${folder}${name}.sol/${name}.json`);
const erc4337 = (name) => published(`@account-abstraction/contracts/artifacts/${name}.json`);

/** What is published, by project. */
export const uniswapV2 = () => ({
	factory: v2('UniswapV2Factory'),
	pair: v2('UniswapV2Pair'),
	router: v2periphery('UniswapV2Router02'),
	weth: v2periphery('WETH9'),
});
export const uniswapV3 = () => ({ factory: v3('UniswapV3Factory'), pool: v3('UniswapV3Pool') });
export const safes = () => ({
	singleton: safe('', 'Safe'),
	factory: safe('proxies/', 'SafeProxyFactory'),
	handler: safe('handler/', 'CompatibilityFallbackHandler'),
});
export const accountAbstraction = () => ({
	entryPoint: erc4337('EntryPoint'),
	accounts: erc4337('SimpleAccountFactory'),
	account: erc4337('SimpleAccount'),
});
