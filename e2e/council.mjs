// The council changes parameters of attribution, as it would on a public chain: a motion, two votes of
// three, and the timelock: node council.mjs WS_URL CHANGES, CHANGES being JSON of what is to differ, such as
// {"spans":{"share":1000}}. Ends when the chain has them.
import assert from 'node:assert/strict';
import { Keyring } from '@polkadot/keyring';
import { awaited, connect, only, send } from './node.mjs';

/** `value` with `changes` in it, which it must have places for. */
function changed(value, changes) {
	const entries = Object.entries(changes).map(([name, change]) => {
		assert.ok(name in value, `no parameter is called ${name}`);
		const inner = typeof change === 'object';
		return [name, inner ? changed(value[name], change) : change];
	});
	return { ...value, ...Object.fromEntries(entries) };
}

const [ws, json] = process.argv.slice(2);
const api = await connect({ ws });
const keyring = new Keyring({ type: 'sr25519' });
const [alice, bob] = ['//Alice', '//Bob'].map((path) => keyring.addFromUri(path));

const wanted = changed((await api.query.attribution.settings()).toJSON(), JSON.parse(json));
const set = api.tx.attribution.setParameters(wanted);
const motion = api.tx.timelock.schedule(set);
const { weight } = await motion.paymentInfo(alice);
const index = await api.query.council.proposalCount();
const vote = api.tx.council.vote(motion.method.hash, index, true);
const length = motion.method.encodedLength;
await send(api.tx.utility.batchAll([api.tx.council.propose(2, motion, length), vote]), alice);
const close = api.tx.council.close(motion.method.hash, index, weight, length);
const { events } = await send(api.tx.utility.batchAll([vote, close]), bob);
assert.ok(only(events, 'council', 'Executed')[1].isOk, 'what the council decided was refused');
const at = only(events, 'timelock', 'Scheduled')[1].toNumber();

const is = (settings) => JSON.stringify(settings.toJSON()) === JSON.stringify(wanted);
await awaited(
	(callback) => api.query.attribution.settings(callback),
	is,
	`what the council decided, which is due in block ${at}`,
);
console.log(`the timelock let it pass in block ${at}: ${json}`);
await api.disconnect();
