// A user operation of ERC-4337, which makes its sender's account and pays from it.

import assert from 'node:assert/strict';
import * as viem from 'viem';
import { OPEN } from './world.mjs';

/**
 * Has an EntryPoint handle a user operation, and checks that the money arrived.
 *
 * @param {object} code interface and creation code of the `account`, and of the `accounts` that
 *   make them
 * @param {(owner: object, hash: string) => Promise<string>} sign as that account wants it
 */
export async function handleOperation(world, entry, code, sign) {
	const owner = world.other('owner');
	const bob = world.other('bob');
	const accounts = await world.deploy(code.accounts, entry.address);
	const sender = await world.read(accounts, 'getAddress', owner.address, 0n);
	await world.send({ to: sender, value: OPEN });
	const encode = ({ abi }, functionName, ...args) =>
		viem.encodeFunctionData({ abi, functionName, args });
	const packed = (high, low) =>
		viem.concat([viem.toHex(high, { size: 16 }), viem.toHex(low, { size: 16 })]);
	const operation = {
		...{ sender, nonce: await world.read(entry, 'getNonce', sender, 0n) },
		initCode: viem.concat([
			...[accounts.address, encode(accounts, 'createAccount', owner.address, 0n)],
		]),
		callData: encode(code.account, 'execute', bob.address, OPEN / 10n, '0x'),
		accountGasLimits: packed(1_500_000n, 200_000n),
		preVerificationGas: 60_000n,
		gasFees: packed(10n ** 9n, 2n * 10n ** 9n),
		...{ paymasterAndData: '0x', signature: '0x' },
	};
	const hash = await world.read(entry, 'getUserOpHash', operation);
	const signed = { ...operation, signature: await sign(owner, hash) };
	const receipt = await world.write(entry, 'handleOps', [[signed], world.me.address]);
	const events = world.events(entry, receipt);
	const { args } = events.find(({ eventName }) => eventName === 'UserOperationEvent');
	assert.equal(args.success, true);
	assert.equal(args.userOpHash, hash);
	assert.equal(await world.reader.getBalance({ address: bob.address }), OPEN / 10n);
	return { ...{ owner, sender, signed, hash }, events: events.map(({ eventName }) => eventName) };
}
