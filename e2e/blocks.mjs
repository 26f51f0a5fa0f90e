// Decodes blocks and proves that nothing was misread: what was decoded encodes to the same bytes.

import assert from 'node:assert/strict';
import { compactStripLength, hexToU8a } from '@polkadot/util';

/** The first byte of a general transaction, version 5: extensions without a signature. */
export const GENERAL = 0x45;

function isGeneral(bytes) {
	const [, [preamble]] = compactStripLength(hexToU8a(bytes));
	return preamble === GENERAL;
}

/**
 * Decodes all extrinsics and events of the blocks from genesis to `last`, and checks that encoding
 * them again gives the bytes that the node sent.
 *
 * @param {import('@polkadot/api').ApiPromise} api
 * @param {number} last number of the last block
 * @returns {Promise<{ calls: Map<string, number>, events: Map<string, number> }>} how many of each
 */
export async function decodeAll(api, last) {
	const calls = new Map();
	const events = new Map();
	const count = (map, { section, method }) => {
		const name = `${section}.${method}`;
		map.set(name, (map.get(name) ?? 0) + 1);
	};
	const key = api.query.system.events.key();
	for (let number = 0; number <= last; number += 1) {
		const hash = await api.rpc.chain.getBlockHash(number);
		const [raw, stored, at] = await Promise.all([
			api._rpcCore.provider.send('chain_getBlock', [hash.toHex()]),
			api._rpcCore.provider.send('state_getStorage', [key, hash.toHex()]),
			api.at(hash),
		]);
		for (const [index, bytes] of raw.block.extrinsics.entries()) {
			const where = `extrinsic ${number}-${index}`;
			const extrinsic = at.registry.createType('Extrinsic', bytes);
			if (isGeneral(bytes)) {
				// polkadot-js reads these and does not write them; the call is their end.
				const call = extrinsic.method.toHex().slice(2);
				assert.ok(bytes.endsWith(call), `the call of ${where} reads and writes the same`);
			} else {
				assert.equal(extrinsic.toHex(), bytes, `${where} reads and writes the same`);
			}
			assert.ok(extrinsic.toHuman().method, `${where} can be shown`);
			count(calls, extrinsic.method);
		}
		// Genesis has none.
		if (stored === null) continue;
		const records = await at.query.system.events();
		assert.equal(records.toHex(), stored, `events of block ${number} read and write the same`);
		for (const { event, phase } of records) {
			assert.ok(event.toHuman().method, `an event of block ${number} can be shown`);
			if (phase.isApplyExtrinsic) {
				assert.ok(
					phase.asApplyExtrinsic.toNumber() < raw.block.extrinsics.length,
					`an event of block ${number} belongs to an extrinsic`,
				);
			}
			count(events, event);
		}
	}
	return { calls, events };
}
