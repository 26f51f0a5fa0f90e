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
		for (const [name, { abi, evm }] of Object.entries(contracts[path] ?? {})) {
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
	for (const name of ['Token', 'Nft', 'Trader', 'Probe']) own(name);
	permit2();
	erc6551Registry();
	erc6551Account();
}

/**
 * A contract of a project that is built with Foundry. All sources are given, as it gives them: the
 * optimizer's output depends on their order.
 *
 * @param {string} base the project's folder in the packages
 * @param {string} path its source
 */
function built(compiler, base, path, settings) {
	const sources = {};
	const add = (name) => {
		if (sources[name]) return;
		sources[name] = text(`${base}${name}`);
		for (const [, imported] of sources[name].matchAll(/^\s*import[^;]*?["']([^"']+)["'];/gm)) {
			const mapped = settings.remappings
				.map((one) => one.split('='))
				.find(([prefix]) => imported.startsWith(prefix));
			if (mapped) add(imported.replace(...mapped));
			else add(new URL(imported, `file:///${name}`).pathname.slice(1));
		}
	};
	add(path);
	const sorted = Object.fromEntries(Object.entries(sources).sort(([a], [b]) => (a < b ? -1 : 1)));
	return compiled(compiler, sorted, settings, () => undefined);
}

/** Permit2 with the compiler and the settings that its sources name: Ethereum's bytes. */
export function permit2() {
	const base = '@uniswap/v4-periphery/lib/permit2/';
	return built('solc-0.8.17', base, 'src/Permit2.sol', {
		remappings: ['solmate/=lib/solmate/'],
		optimizer: { enabled: true, runs: 1_000_000 },
		viaIR: true,
		metadata: { bytecodeHash: 'none' },
	}).Permit2;
}

/**
 * The registry of ERC-6551 with the settings of its deployment on Ethereum: the bytes end with a
 * hash of them, names of folders included.
 */
export function erc6551Registry() {
	const path = 'src/ERC6551Registry.sol';
	const source = { [path]: text('erc6551/ERC6551Registry.sol') };
	const settings = {
		remappings: [
			'@openzeppelin/=lib/openzeppelin-contracts/',
			'ds-test/=lib/forge-std/lib/ds-test/src/',
			'forge-std/=lib/forge-std/src/',
			'openzeppelin-contracts/=lib/openzeppelin-contracts/',
		],
		optimizer: { enabled: true, runs: 200 },
		metadata: { bytecodeHash: 'ipfs' },
		evmVersion: 'london',
		libraries: {},
	};
	return compiled('solc-0.8.17', source, settings, () => undefined).ERC6551Registry;
}

/** A simple account of ERC-6551, as its reference implementation has it. */
export function erc6551Account() {
	const path = 'erc6551/examples/simple/ERC6551Account.sol';
	const settings = { optimizer: { enabled: true, runs: 200 } };
	return compiled('solc', { [path]: text(path) }, settings, text).ERC6551Account;
}

/**
 * Multicall3 as it is on Ethereum. The package has the code that is deployed; before it comes what
 * the compiler puts in front of a contract without a constructor: return that many bytes.
 */
export function canonicalMulticall3() {
	const source = text('@eth-optimism/contracts-bedrock/src/libraries/Preinstalls.sol');
	const [, code] = source.match(/MultiCall3Code =\s*hex"([0-9a-f]+)"/);
	const length = (code.length / 2).toString(16).padStart(4, '0');
	const bytecode = `0x608060405234801561001057600080fd5b5061${length}806100206000396000f3fe${code}`;
	return { abi: multicall3Abi, bytecode };
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
/** Safe's contracts by their names, as its factory deploys them. */
export const safeSuite = () => ({
	Safe: safe('', 'Safe'),
	SafeL2: safe('', 'SafeL2'),
	SafeProxyFactory: safe('proxies/', 'SafeProxyFactory'),
	CompatibilityFallbackHandler: safe('handler/', 'CompatibilityFallbackHandler'),
	MultiSend: safe('libraries/', 'MultiSend'),
	MultiSendCallOnly: safe('libraries/', 'MultiSendCallOnly'),
});
const v07 = (name) => published(`account-abstraction-v0.7/artifacts/${name}.json`);
export const entryPointV07 = () => v07('EntryPoint');
export const accountsV07 = () => ({
	accounts: v07('SimpleAccountFactory'),
	account: v07('SimpleAccount'),
});
export const accountAbstraction = () => ({
	entryPoint: erc4337('EntryPoint'),
	accounts: erc4337('SimpleAccountFactory'),
	account: erc4337('SimpleAccount'),
});
