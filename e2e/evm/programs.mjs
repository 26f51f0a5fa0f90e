// Programs for the EVM, one for each instruction and precompile, with operands from a fixed
// sequence: they run by eth_call with the code given in the request, and return one word or more.

import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import * as viem from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

const WORD = 2n ** 256n;
/** Operands at the borders, where implementations differ. */
const EDGES = [0n, 1n, 2n, 31n, 32n, 255n, 256n, 2n ** 64n, 2n ** 255n - 1n, 2n ** 255n, WORD - 1n];

const hex = (value, size) => value.toString(16).padStart(size * 2, '0');
const push = (value) => `7f${hex(value, 32)}`;
/** Stores the top of the stack and returns it. */
const RETURN = '60005260206000f3';

/** Pseudorandom words: the same in each run. */
function* words(seed) {
	for (let i = 0; ; i += 1) {
		yield BigInt(`0x${createHash('sha256').update(`${seed} ${i}`).digest('hex')}`);
	}
}

const ARITHMETIC = {
	...{ ADD: [0x01, 2], MUL: [0x02, 2], SUB: [0x03, 2], DIV: [0x04, 2], SDIV: [0x05, 2] },
	...{ MOD: [0x06, 2], SMOD: [0x07, 2], ADDMOD: [0x08, 3], MULMOD: [0x09, 3], EXP: [0x0a, 2] },
	...{ SIGNEXTEND: [0x0b, 2], LT: [0x10, 2], GT: [0x11, 2], SLT: [0x12, 2], SGT: [0x13, 2] },
	...{ EQ: [0x14, 2], ISZERO: [0x15, 1], AND: [0x16, 2], OR: [0x17, 2], XOR: [0x18, 2] },
	...{ NOT: [0x19, 1], BYTE: [0x1a, 2], SHL: [0x1b, 2], SHR: [0x1c, 2], SAR: [0x1d, 2] },
	...{ CLZ: [0x1e, 1] },
};

/** Each instruction on words, on pseudorandom operands and on those at the borders. */
function arithmetic() {
	return Object.entries(ARITHMETIC).flatMap(([name, [opcode, arity]]) => {
		const random = words(name);
		const rows = Array.from({ length: 4 }, () =>
			Array.from({ length: arity }, () => random.next().value),
		);
		for (const [i, edge] of EDGES.entries()) {
			const others = Array.from({ length: arity - 1 }, (_, k) => (i * 3 + k + 1) % EDGES.length);
			rows.push([edge, ...others.map((k) => EDGES[k])]);
			rows.push([edge, ...others.map(() => random.next().value)]);
		}
		return rows.map((row, i) => ({
			name: `${name} ${i}`,
			code: `0x${[...row].reverse().map(push).join('')}${hex(BigInt(opcode), 1)}${RETURN}`,
		}));
	});
}

/** Instructions on the stack, memory, code, calldata and returned data. */
function machine() {
	const programs = {
		PUSH0: `5f${RETURN}`,
		PC: `5b5b58${RETURN}`,
		MSIZE: `6001612000525960005260206000f3`,
		MCOPY: `${push(123n)}6000526020600060405e604051${RETURN}`,
		'MCOPY overlapping': `${push(WORD - 99n)}6000526020600060115e60406000f3`,
		MSTORE8: `61abcd600353600051${RETURN}`,
		KECCAK256: `${push(77n)}6000526020600020${RETURN}`,
		'KECCAK256 of nothing': `6000600020${RETURN}`,
		CALLDATASIZE: `36${RETURN}`,
		CALLDATALOAD: `600235${RETURN}`,
		'CALLDATALOAD beyond': `60fe35${RETURN}`,
		CALLDATACOPY: '6020600160003760206000f3',
		CODESIZE: `38${RETURN}`,
		CODECOPY: '6020600060003960206000f3',
		ADDRESS: `30${RETURN}`,
		CALLER: `33${RETURN}`,
		ORIGIN: `32${RETURN}`,
		CALLVALUE: `34${RETURN}`,
		CHAINID: `46${RETURN}`,
		RETURNDATASIZE: `3d${RETURN}`,
		'EXTCODESIZE of nobody': `61dead3b${RETURN}`,
		'EXTCODEHASH of nobody': `61dead3f${RETURN}`,
		'EXTCODEHASH of itself': `303f${RETURN}`,
		'EXTCODESIZE of a precompile': `60013b${RETURN}`,
		'SLOAD of nothing': `600154${RETURN}`,
		'SSTORE and SLOAD': `60ff60015560015460005260206000f3`,
		'TSTORE and TLOAD': `60ff60015d60015c60005260206000f3`,
		JUMPI: `600160085761dead5b6007${RETURN}`,
		SELFBALANCE: `47${RETURN}`,
		'BLOCKHASH of the future': `63ffffffff40${RETURN}`,
		'BLOBHASH without blobs': `600049${RETURN}`,
		BLOBBASEFEE: `4a1515${RETURN}`,
		CALLCODE: `60006000600060006000600461fffff2${RETURN}`,
		STOP: '00',
		'RETURN of nothing': '60006000f3',
		REVERT: '60aa60005260206000fd',
	};
	// Each with geth's words for it.
	const failing = {
		INVALID: ['fe', 'invalid opcode'],
		'an unassigned opcode': ['0c', 'invalid opcode'],
		'stack underflow': ['01', 'stack underflow'],
		'a jump to nowhere': ['600356', 'invalid jump destination'],
		'a jump into data': ['600456605b00', 'invalid jump destination'],
		'RETURNDATACOPY beyond': ['6001600060003e', 'return data out of bounds'],
		'endless loop': ['5b600056', 'out of gas'],
		'much memory': [`6001${push(2n ** 40n)}52`, 'out of gas'],
	};
	const depth = Array.from({ length: 16 }, (_, i) => i + 1).flatMap((n) => {
		const stack = Array.from({ length: 17 }, (_, k) => `60${hex(BigInt(k + 1), 1)}`).join('');
		return [
			{ name: `DUP${n}`, code: `0x${stack}${hex(BigInt(0x7f + n), 1)}${RETURN}` },
			{ name: `SWAP${n}`, code: `0x${stack}${hex(BigInt(0x8f + n), 1)}${RETURN}` },
		];
	});
	const pushes = Array.from({ length: 32 }, (_, i) => ({
		name: `PUSH${i + 1}`,
		code: `0x${hex(BigInt(0x60 + i), 1)}${'a5'.repeat(i + 1)}${RETURN}`,
	}));
	const input = `0x${'0123456789abcdef'.repeat(8)}`;
	return [
		...Object.entries(programs).map(([name, code]) => ({ name, code: `0x${code}`, input })),
		...Object.entries(failing).map(([name, [code, message]]) => ({
			...{ name, code: `0x${code}`, input, error: { code: -32000, message } },
		})),
		...depth,
		...pushes,
	];
}

/** What the block says: its shape is the same, its values are the chain's. */
function block() {
	const opcodes = {
		...{ COINBASE: '41', TIMESTAMP: '42', NUMBER: '43', PREVRANDAO: '44', GASLIMIT: '45' },
		...{ BASEFEE: '48', GASPRICE: '3a', GAS: '5a' },
	};
	return Object.entries(opcodes).map(([name, code]) => ({
		...{ name, code: `0x${code}1515${RETURN}` },
	}));
}

/** Calls the precompile with the calldata, and returns success and what it returned. */
const caller = (at) =>
	`0x36600060003760006000366000600073${hex(BigInt(at), 20)}620f4240f1600052` +
	'3d600060203e3d6020016000f3';

/** Points of BN254: the generators of both groups, twice the first, and the prime of its field. */
const PRIME = 21888242871839275222246405745257275088696311157297823662689037894645226208583n;
const ONE = [1n, 2n];
const TWO = [
	1368015179489954701390400359078579693043519447331113978918064868415326638035n,
	9918110051302171585080402603319702774565515993150576347155970296011118125764n,
];
const OTHER = [
	11559732032986387107991004021392285783925812861821192530917403151452391805634n,
	10857046999023057135944570762232829481370756359578518086990519993285655852781n,
	4082367875863433681332203403145435568316851327593401208105741076214120093531n,
	8495653923123431417604973247489272438418190587263600148770280649306958101930n,
];

function precompiles() {
	const random = words('precompiles');
	const word = (value) => hex(value, 32);
	const data = (length) =>
		Array.from({ length: Math.ceil(length / 32) }, () => word(random.next().value))
			.join('')
			.slice(0, length * 2);
	const points = (...parts) => parts.flat().map(word).join('');
	const minus = [ONE[0], PRIME - ONE[1]];
	const modexp = (b, e, m) =>
		[b, e, m].map((part) => word(BigInt(part.length / 2))).join('') + b + e + m;
	const blake = `${hex(12n, 4)}${data(64)}${data(128)}${data(16)}01`;
	return Object.entries({
		'1 ecrecover of nonsense': [1, data(128)],
		'1 ecrecover of nothing': [1, ''],
		'1 ecrecover': [1, recoverable()],
		'2 sha256': [2, data(100)],
		'2 sha256 of nothing': [2, ''],
		'3 ripemd160': [3, data(100)],
		'4 identity': [4, data(77)],
		'5 modexp': [5, modexp(data(32), data(5), data(32))],
		'5 modexp of long numbers': [5, modexp(data(200), data(4), data(200))],
		'5 modexp by zero': [5, modexp(data(3), data(3), '00')],
		'5 modexp of nothing': [5, ''],
		'6 bn add': [6, points(TWO, ONE)],
		'6 bn add off the curve': [6, points(TWO[0], TWO[0], ONE)],
		'7 bn mul': [7, points(TWO, random.next().value)],
		'8 bn pairing of nothing': [8, ''],
		'8 bn pairing': [8, points(ONE, OTHER, minus, OTHER)],
		'8 bn pairing that is not one': [8, points(ONE, OTHER)],
		'8 bn pairing of a bad length': [8, data(100)],
		'9 blake2f': [9, blake],
		'9 blake2f of a bad length': [9, data(212)],
		'10 point evaluation of nonsense': [10, data(192)],
		'11 BLS12-381 add of infinity': [11, word(0n).repeat(8)],
		'12 BLS12-381 msm of infinity': [12, word(0n).repeat(5)],
		'13 BLS12-381 add of infinity': [13, word(0n).repeat(16)],
		'15 BLS12-381 pairing of infinity': [15, word(0n).repeat(12)],
		'256 P-256': [256, p256(true)],
		'256 P-256 of another message': [256, p256(false)],
		'256 P-256 of nothing': [256, ''],
		'18 no precompile': [18, data(32)],
	}).map(([name, [at, input]]) => ({ name, code: caller(at), input: `0x${input}` }));
}

/** A hash and a signature of it, as ecrecover takes them. */
function recoverable() {
	const signed = SIGNED;
	return [signed.hash, viem.toHex(signed.v, { size: 32 }), signed.r, signed.s]
		.map((part) => part.slice(2))
		.join('');
}

const SIGNED = await (async () => {
	const hash = viem.keccak256('0x1234');
	const signature = await privateKeyToAccount(viem.keccak256('0x05')).sign({ hash });
	return { hash, ...viem.parseSignature(signature) };
})();

/** A hash, a P-256 signature of it or of another, and the key, as EIP-7951 takes them. */
function p256(right) {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const message = Buffer.from('a message');
	const signature = createSign('sha256')
		.update(message)
		.sign({ key: privateKey, dsaEncoding: 'ieee-p1363' });
	const { x, y } = publicKey.export({ format: 'jwk' });
	const hash = createHash('sha256').update(right ? message : 'another').digest();
	return Buffer.concat([
		...[hash, signature, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')],
	]).toString('hex');
}

/** All programs, by family. */
export function families() {
	return { arithmetic: arithmetic(), machine: machine(), block: block(), precompiles: precompiles() };
}
