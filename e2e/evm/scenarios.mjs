// What people do with the contracts that Ethereum has: each scenario acts, checks what it must
// see, and returns what every EVM chain must show alike.

import assert from 'node:assert/strict';
import * as viem from 'viem';
import * as contracts from './contracts.mjs';
import { handleOperation } from './operation.mjs';
import { OPEN } from './world.mjs';

const SUPPLY = 10n ** 24n;
/** Gas for what meets a pool, which does more if a second begins between estimate and block. */
const POOL_GAS = 3_000_000n;
/** A time that no test reaches. */
const LATER = 2n ** 40n;

/** The deterministic deployment proxy: its code, and the address that its keyless sender gives. */
const PROXY = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const PROXY_CODE =
	'0x604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
	'ffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3';

/** The address that the deterministic deployment proxy, at `from`, gives to a code. */
const deterministic = (from, salt, bytecode) =>
	viem.getContractAddress({ opcode: 'CREATE2', from, salt, bytecode });

/** The proxy at its own address where the chain has it, otherwise one of our own. */
async function deployer(world) {
	if (await world.reader.getCode({ address: PROXY })) return PROXY;
	return (await world.deploy({ abi: [], bytecode: PROXY_CODE })).address;
}

/** The fields of an EIP-712 type, from their types by name. */
const fields = (types) => Object.entries(types).map(([name, type]) => ({ name, type }));

/** An ERC-20 token of OpenZeppelin's, with permits. */
export async function erc20(world) {
	const bob = world.other('bob');
	const token = await world.deploy(contracts.own('Token'), 'Token', SUPPLY);
	const moved = await world.write(token, 'transfer', [bob.address, 5n]);
	const refused = await world.refusal(token, 'transfer', bob.address, SUPPLY);
	assert.equal(refused.name, 'ERC20InsufficientBalance');

	const deadline = LATER;
	const { domain: found } = await world.reader.getEip712Domain({ address: token.address });
	// A domain without salt has none, not the zero that its reader gives.
	const { salt, ...domain } = found;
	const signature = await bob.signTypedData({
		domain,
		primaryType: 'Permit',
		types: {
			Permit: fields({
				...{ owner: 'address', spender: 'address', value: 'uint256', nonce: 'uint256' },
				...{ deadline: 'uint256' },
			}),
		},
		message: { owner: bob.address, spender: world.me.address, value: 3n, nonce: 0n, deadline },
	});
	const { r, s, v } = viem.parseSignature(signature);
	await world.write(token, 'permit', [
		...[bob.address, world.me.address, 3n, deadline, Number(v), r, s],
	]);
	const spent = await world.write(token, 'transferFrom', [bob.address, world.me.address, 2n]);
	const logs = await world.reader.getContractEvents({
		...{ ...token, eventName: 'Transfer', args: { from: bob.address }, strict: true },
		fromBlock: moved.blockNumber,
	});
	assert.deepEqual(logs.map(({ args }) => args.value), [2n]);
	return {
		refused,
		address: token.address,
		domain,
		moved: world.events(token, moved),
		spent: world.events(token, spent),
		left: await world.read(token, 'balanceOf', bob.address),
		allowance: await world.read(token, 'allowance', bob.address, world.me.address),
	};
}

/** An ERC-721 collection of OpenZeppelin's. */
export async function erc721(world) {
	const bob = world.other('bob');
	const nft = await world.deploy(contracts.own('Nft'));
	const made = await world.write(nft, 'mint', [7n, 'ipfs://seven']);
	// A contract that does not know such tokens must not get one.
	const refused = await world.refusal(
		...[nft, 'safeTransferFrom', world.me.address, nft.address, 7n],
	);
	assert.equal(refused.name, 'ERC721InvalidReceiver');
	const given = await world.write(nft, 'safeTransferFrom', [world.me.address, bob.address, 7n]);
	assert.equal(await world.read(nft, 'ownerOf', 7n), bob.address);
	return {
		refused,
		made: world.events(nft, made),
		given: world.events(nft, given),
		uri: await world.read(nft, 'tokenURI', 7n),
		supports: await world.read(nft, 'supportsInterface', '0x80ac58cd'),
		missing: await world.refusal(nft, 'ownerOf', 8n),
	};
}

/** A pair of Uniswap V2, made, filled and traded with through the router. */
export async function uniswapV2(world) {
	const { factory: factoryCode, pair: pairCode, router: routerCode, weth: wethCode } =
		contracts.uniswapV2();
	const me = world.me.address;
	const token = contracts.own('Token');
	const a = await world.deploy(token, 'A', SUPPLY);
	const b = await world.deploy(token, 'B', SUPPLY);
	const weth = await world.deploy(wethCode);
	const factory = await world.deploy(factoryCode, me);
	const router = await world.deploy(routerCode, factory.address, weth.address);
	await world.write(a, 'approve', [router.address, SUPPLY]);
	await world.write(b, 'approve', [router.address, SUPPLY]);

	await world.write(router, 'addLiquidity', [
		...[a.address, b.address, 10_000n, 40_000n, 0n, 0n, me, LATER],
	]);
	const pair = world.at(await world.read(factory, 'getPair', a.address, b.address), pairCode.abi);
	// Trades come in later blocks; the pair counts the time between.
	await world.send({ to: me });
	const swapped = await world.write(router, 'swapExactTokensForTokens', [
		...[1_000n, 1n, [a.address, b.address], me, LATER],
	], 0n, POOL_GAS);
	const swap = world.events(pair, swapped).find(({ eventName }) => eventName === 'Swap');
	// The constant product with three per mille for the providers.
	const out = (1_000n * 997n * 40_000n) / (10_000n * 1_000n + 1_000n * 997n);
	assert.equal(swap.args.amount0Out + swap.args.amount1Out, out);
	assert.equal(await world.read(b, 'balanceOf', me), SUPPLY - 40_000n + out);

	await world.write(router, 'addLiquidityETH', [a.address, 5_000n, 0n, 0n, me, LATER], OPEN);
	await world.send({ to: me });
	await world.write(router, 'swapExactETHForTokens', [
		...[1n, [weth.address, a.address], me, LATER],
	], OPEN / 2n, POOL_GAS);
	const refused = await world.refusal(
		...[router, 'swapExactTokensForTokens', 1_000n, out, [a.address, b.address], me, LATER],
	);
	assert.deepEqual(refused.args, ['UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT']);
	const [reserve0, reserve1] = await world.read(pair, 'getReserves');
	return {
		swap,
		refused,
		reserves: [reserve0, reserve1],
		pair: pair.address,
		shares: await world.read(pair, 'balanceOf', me),
		a: await world.read(a, 'balanceOf', me),
		weth: await world.read(weth, 'totalSupply'),
	};
}

/** A pool of Uniswap V3: its price set, liquidity given, traded in both directions. */
export async function uniswapV3(world) {
	const { factory: factoryCode, pool: poolCode } = contracts.uniswapV3();
	const fee = 3_000;
	const factory = await world.deploy(factoryCode);
	const token = contracts.own('Token');
	const a = await world.deploy(token, 'A', SUPPLY);
	const b = await world.deploy(token, 'B', SUPPLY);
	const trader = await world.deploy(contracts.own('Trader'));
	await world.write(a, 'transfer', [trader.address, SUPPLY / 2n]);
	await world.write(b, 'transfer', [trader.address, SUPPLY / 2n]);
	const made = await world.write(factory, 'createPool', [a.address, b.address, fee]);
	const pool = world.at(
		await world.read(factory, 'getPool', a.address, b.address, fee),
		poolCode.abi,
	);
	await world.write(pool, 'initialize', [2n ** 96n]);
	const trade = (name, ...args) =>
		world.write(trader, name, [pool.address, ...args], 0n, POOL_GAS);
	const provided = await trade('provide', -600, 600, OPEN);
	const lowest = 4_295_128_740n;
	const highest = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341n;
	const down = await trade('swap', true, OPEN / 1_000n, lowest);
	const up = await trade('swap', false, OPEN / 500n, highest);
	const refused = await world.refusal(pool, 'initialize', 2n ** 96n);
	assert.deepEqual(refused.args, ['AI']);
	const [price, tick] = await world.read(pool, 'slot0');
	assert.ok(price > 2n ** 96n, `price ${price}`);
	return {
		price,
		tick,
		refused,
		made: world.events(factory, made),
		provided: world.events(pool, provided),
		swaps: [...world.events(pool, down), ...world.events(pool, up)],
		liquidity: await world.read(pool, 'liquidity'),
	};
}

/** Multicall3, by hand and as viem uses it. */
export async function multicall3(world) {
	const multicall = await world.deploy(await contracts.multicall3());
	const token = await world.deploy(contracts.own('Token'), 'Token', SUPPLY);
	const call = (functionName, args = []) => ({
		target: token.address,
		allowFailure: true,
		callData: viem.encodeFunctionData({ abi: token.abi, functionName, args }),
	});
	const { result } = await world.reader.simulateContract({
		...multicall,
		functionName: 'aggregate3',
		args: [[call('totalSupply'), call('transfer', [viem.zeroAddress, 1n]), call('symbol')]],
	});
	assert.deepEqual(result.map(({ success }) => success), [true, false, true]);
	const batched = await world.reader.multicall({
		multicallAddress: multicall.address,
		contracts: [
			{ ...token, functionName: 'balanceOf', args: [world.me.address] },
			{ ...token, functionName: 'decimals' },
		],
	});
	const written = await world.write(multicall, 'aggregate3', [
		[call('approve', [world.me.address, 9n])],
	]);
	return {
		result,
		batched: batched.map((one) => one.result),
		written: world.events(token, written),
		allowance: await world.read(token, 'allowance', multicall.address, world.me.address),
	};
}

/** The deterministic deployment proxy: an address that only salt and code decide. */
export async function create2(world) {
	const from = await deployer(world);
	const salt = viem.toHex(42n, { size: 32 });
	const { bytecode, abi } = contracts.own('Nft');
	const expected = deterministic(from, salt, bytecode);
	await world.send({ to: from, data: viem.concat([salt, bytecode]) });
	const nft = world.at(expected, abi);
	assert.equal(await world.read(nft, 'symbol'), 'PIC');
	// The same again would be the same address.
	await assert.rejects(
		world.reader.call({ account: world.me, to: from, data: viem.concat([salt, bytecode]) }),
	);
	return {
		code: await world.reader.getCode({ address: from }),
		nonce: await world.reader.getTransactionCount({ address: expected }),
	};
}

/** Permit2: tokens moved by a signature, and by an allowance with an end. */
export async function permit2(world) {
	const bob = world.other('bob');
	const code = contracts.permit2();
	const from = await deployer(world);
	const salt = viem.zeroHash;
	await world.send({ to: from, data: viem.concat([salt, code.bytecode]) });
	const permit = world.at(deterministic(from, salt, code.bytecode), code.abi);
	const token = await world.deploy(contracts.own('Token'), 'Token', SUPPLY);
	await world.write(token, 'approve', [permit.address, SUPPLY]);

	const domain = {
		...{ name: 'Permit2', chainId: world.reader.chain.id, verifyingContract: permit.address },
	};
	const permitted = { token: token.address, amount: 100n };
	const signature = await world.me.signTypedData({
		domain,
		primaryType: 'PermitTransferFrom',
		types: {
			PermitTransferFrom: fields({
				...{ permitted: 'TokenPermissions', spender: 'address', nonce: 'uint256' },
				...{ deadline: 'uint256' },
			}),
			TokenPermissions: fields({ token: 'address', amount: 'uint256' }),
		},
		message: { permitted, spender: world.me.address, nonce: 1n, deadline: LATER },
	});
	const transfer = [
		{ permitted, nonce: 1n, deadline: LATER },
		{ to: bob.address, requestedAmount: 60n },
		world.me.address,
		signature,
	];
	const moved = await world.write(permit, 'permitTransferFrom', transfer);
	const again = await world.refusal(permit, 'permitTransferFrom', ...transfer);
	assert.equal(again.name, 'InvalidNonce');
	await world.write(permit, 'approve', [token.address, world.me.address, 50n, Number(LATER)]);
	await world.write(permit, 'transferFrom', [world.me.address, bob.address, 30n, token.address]);
	assert.equal(await world.read(token, 'balanceOf', bob.address), 90n);
	return {
		again,
		moved: world.events(token, moved),
		allowance: (
			await world.read(permit, 'allowance', world.me.address, token.address, world.me.address)
		)[0],
	};
}

/** A Safe of two owners, both of which must sign. */
export async function safe(world) {
	const { singleton: singletonCode, factory: factoryCode, handler: handlerCode } = contracts.safes();
	const owners = [world.me, world.other('owner')].sort((a, b) =>
		a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1,
	);
	const singleton = await world.deploy(singletonCode);
	const factory = await world.deploy(factoryCode);
	const handler = await world.deploy(handlerCode);
	const setup = viem.encodeFunctionData({
		abi: singletonCode.abi,
		functionName: 'setup',
		args: [
			...[owners.map(({ address }) => address), 2n, viem.zeroAddress, '0x', handler.address],
			...[viem.zeroAddress, 0n, viem.zeroAddress],
		],
	});
	const created = await world.write(factory, 'createProxyWithNonce', [singleton.address, setup, 1n]);
	const { proxy } = world.events(factory, created)[0].args;
	const safe = world.at(proxy, singletonCode.abi);
	await world.send({ to: safe.address, value: OPEN });

	const to = world.other('bob').address;
	const transaction = {
		...{ to, value: OPEN / 4n, data: '0x', operation: 0, safeTxGas: 0n, baseGas: 0n, gasPrice: 0n },
		...{ gasToken: viem.zeroAddress, refundReceiver: viem.zeroAddress, nonce: 0n },
	};
	const types = fields({
		...{ to: 'address', value: 'uint256', data: 'bytes', operation: 'uint8' },
		...{ safeTxGas: 'uint256', baseGas: 'uint256', gasPrice: 'uint256', gasToken: 'address' },
		...{ refundReceiver: 'address', nonce: 'uint256' },
	});
	const domain = { chainId: world.reader.chain.id, verifyingContract: safe.address };
	const typed = { domain, types: { SafeTx: types }, primaryType: 'SafeTx', message: transaction };
	const { nonce, ...execution } = transaction;
	const hash = await world.read(safe, 'getTransactionHash', ...Object.values(execution), nonce);
	assert.equal(hash, viem.hashTypedData(typed));
	const [first, second] = await Promise.all(owners.map((owner) => owner.signTypedData(typed)));
	const execute = (signatures) => [...Object.values(execution), signatures];
	const refused = await world.refusal(safe, 'execTransaction', ...execute(first));
	assert.deepEqual(refused.args, ['GS020']);
	const done = await world.write(safe, 'execTransaction', execute(viem.concat([first, second])));
	assert.equal(await world.reader.getBalance({ address: to }), OPEN / 4n);
	return {
		refused,
		proxy,
		created: world.events(factory, created),
		done: world.events(safe, done),
		owners: await world.read(safe, 'getOwners'),
		left: await world.reader.getBalance({ address: safe.address }),
		nonce: await world.read(safe, 'nonce'),
	};
}

/** ERC-4337: a user operation makes its sender's account and pays from it. */
export async function erc4337(world) {
	const { entryPoint, ...code } = contracts.accountAbstraction();
	const entry = await world.deploy(entryPoint);
	const { owner, sender, signed, hash, events } = await handleOperation(
		...[world, entry, code],
		(signer, message) => signer.sign({ hash: message }),
	);
	const account = world.at(sender, code.account.abi);
	assert.equal(await world.read(account, 'owner'), owner.address);
	const again = await world.refusal(entry, 'handleOps', [signed], world.me.address);
	assert.equal(again.name, 'FailedOp');
	return { hash, again, sender, events, nonce: await world.read(entry, 'getNonce', sender, 0n) };
}
