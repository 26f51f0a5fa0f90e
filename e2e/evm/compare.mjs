// Compares answers of two chains to the same request, against the list of differences that are
// allowed.

import { readFileSync } from 'node:fs';

/** The lengths of hexadecimal data that mean something: of an address, a hash and so on. */
const LENGTHS = new Set([8, 20, 32, 256]);

/** What a string of an answer may be: hexadecimal quantities and data can look alike. */
function kinds(text) {
	const found = new Set();
	if (/^0x(0|[1-9a-f][0-9a-f]*)$/.test(text)) found.add('quantity');
	if (/^0x([0-9a-f]{2})*$/i.test(text)) {
		const length = (text.length - 2) / 2;
		found.add(LENGTHS.has(length) ? `${length} bytes` : 'data');
	}
	if (found.size === 0) found.add(text.startsWith('0x') ? 'bad hexadecimal' : 'text');
	return found;
}

function type(value) {
	if (value === null) return 'null';
	return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * The differences between two values, as `{ path, what, ours, theirs }`.
 *
 * @param {(path: string) => boolean} varies whether only the shape of what is there is compared
 */
export function differences(ours, theirs, varies, path = '$') {
	const found = (what) => [{ path, what, ours, theirs }];
	if (type(ours) !== type(theirs)) return found('type');
	if (Array.isArray(ours)) {
		if (ours.length !== theirs.length && !varies(path)) return found('length');
		const length = Math.min(ours.length, theirs.length);
		return ours.slice(0, length).flatMap((value, i) => {
			return differences(value, theirs[i], varies, `${path}[${i}]`);
		});
	}
	if (ours !== null && typeof ours === 'object') {
		return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].flatMap((key) => {
			const below = `${path}.${key}`;
			if (!(key in ours)) return [{ path: below, what: 'missing', theirs: theirs[key] }];
			if (!(key in theirs)) return [{ path: below, what: 'extra', ours: ours[key] }];
			return differences(ours[key], theirs[key], varies, below);
		});
	}
	if (ours === theirs) return [];
	if (!varies(path)) return found('value');
	if (typeof ours !== 'string') return [];
	const [ourKinds, theirKinds] = [kinds(ours), kinds(theirs)];
	return [...ourKinds].some((kind) => theirKinds.has(kind)) ? [] : found('format');
}

const escaped = (text) => text.replace(/[.+^${}()|[\]\\]/g, '\\$&');
/** A pattern of a glob: `*` is any text, `?` any character. */
const pattern = (glob) => {
	return new RegExp(`^${escaped(glob).replaceAll('*', '.*').replaceAll('?', '.')}$`);
};

/** The reviewed list: where it allows what, and why. */
export class Allowed {
	#entries;

	constructor(url) {
		this.#entries = JSON.parse(readFileSync(url, 'utf8')).map((entry) => ({
			...entry,
			pattern: pattern(entry.where),
			used: false,
		}));
	}

	/** Whether a difference is in the list. */
	has(where, { what, ours }) {
		const entry = this.#entries.find(
			(one) =>
				one.what === what &&
				one.pattern.test(where) &&
				(one.ours === undefined || JSON.stringify(ours).includes(one.ours)),
		);
		if (entry) entry.used = true;
		return entry !== undefined;
	}

	/** What the list allows and nobody saw. */
	unused() {
		const unused = this.#entries.filter(({ used }) => !used);
		return unused.map(({ where, what }) => `${where}: ${what}`);
	}
}
