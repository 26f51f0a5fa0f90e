// What contributors and finders do about near-duplicates, with the commands of the binary.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { devAccount, run, startNode, temporaryFolder } from './node.mjs';

/** Words that no other letter gives. */
const words = (letter) => Array.from({ length: 60 }, (_, n) => `${letter.repeat(4)}${n}`);

describe('rows that stand in earlier ones', { concurrency: false }, () => {
	let node;
	const folder = temporaryFolder('duplicates');
	/** Runs a command as somebody and gives what it answers to programs. */
	const as = (who, ...command) =>
		JSON.parse(
			run(
				...['datanet', ...command, '--url', node.ws, '--suri', who],
				...['--blobs', join(folder, 'blobs'), '--output', 'json'],
			),
		);
	/** A file of one row. */
	const file = (name, text) => {
		const path = join(folder, name);
		writeFileSync(path, text);
		return path;
	};
	const give = (who, path, ...more) =>
		as(who, 'contribute', '0', path, '--row-bytes', '4000', ...more);

	before(async () => {
		node = await startNode();
	});
	after(() => node?.stop());

	test('row_should_be_void_and_pay_its_finder_when_it_stands_in_an_earlier_one', () => {
		assert.deepEqual(as('//Alice', 'create', 'law'), { datanet: 0 });
		// Unless its creator says otherwise who gives puts 10 $OPEN at risk.
		assert.equal(as('//Alice', 'show', '0').at_risk, String(10n ** 19n));
		const first = words('a').join(' ');
		const less = ['--at-risk', '9'];
		assert.throws(() => give('//Bob', file('first', first), ...less), /--at-risk 10/);
		give('//Bob', file('first', first));
		const copy = file('copy', `${first.toUpperCase()}, another`);
		give('//Charlie', copy);
		give('//Dave', file('other', words('b').join(' ')));

		const seen = as('//Eve', 'duplicates', '0');
		assert.deepEqual([seen.rows, seen.missing, seen.found.length], [3, 0, 1]);
		const [found] = seen.found;
		assert.equal(found.owner, devAccount('//Charlie'));
		assert.equal(found.earlier.length, 1);
		assert.ok(found.contained > 9_000, `${found.contained}`);

		const shown = as('//Eve', 'exhibit', '0');
		assert.deepEqual(shown, { void: 1, bounty: found.bounty, refused: [], left: 0 });
		assert.ok(BigInt(shown.bounty) > 0n);
		assert.deepEqual(as('//Eve', 'duplicates', '0').found, []);
		assert.deepEqual(as('//Eve', 'exhibit', '0'), { void: 0, bounty: '0', refused: [], left: 0 });

		// Who looks before giving loses nothing.
		const looked = as('//Ferdie', 'duplicates', '0', '--file', copy, '--row-bytes', '4000');
		assert.deepEqual(looked.found.map(({ contained }) => contained), [found.contained]);
		assert.deepEqual(give('//Ferdie', copy, '--only-new'), { rows: 0, batches: [], known: 1 });
	});
});
