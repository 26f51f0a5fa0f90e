// Puts the contracts of `canonical.mjs` on a running chain and prints where they are.
//
//     [OPENLEDGER_KEY=0x…] node install.mjs [--rpc URL]
//
// The key pays; without one it is that of alith, who is rich on a development chain.

import { parseArgs } from 'node:util';
import { privateKeyToAccount } from 'viem/accounts';
import { install, table } from './canonical.mjs';

/** The key that all tools know, rich on a development chain. */
const ALITH = '0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133';

const { values } = parseArgs({
	options: { rpc: { type: 'string', default: 'http://127.0.0.1:9944' } },
});
const payer = privateKeyToAccount(process.env.OPENLEDGER_KEY ?? ALITH);
try {
	for (const line of table(await install(values.rpc, payer))) console.log(line);
} catch (error) {
	console.error(`error: ${error.shortMessage ?? error.message}`);
	process.exitCode = 1;
}
