// An Ethereum wallet pays for answers that go by batch, with typed data alone (EIP-712):
// node wallet.mjs RPC_URL SERVER_URL OPERATOR PROMPT..., OPERATOR being a path such as //Operator.
import assert from 'node:assert/strict';
import { Keyring } from '@polkadot/keyring';
import { blake2AsHex, encodeAddress } from '@polkadot/util-crypto';
import * as ethers from 'ethers';

const OPEN = 10n ** 18n;
/** A key that every Ethereum development tool knows, rich on a development chain. */
const ALITH = '0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133';
const ATTRIBUTION = '0x000000000000000000000000000000000A040000';
/** Nobody waits longer for a batch, in milliseconds. */
const PATIENCE = 300_000;

const fields = (list) =>
	list.split(',').map((field) => {
		const [type, name] = field.split(' ');
		return { name, type };
	});
const REQUEST = fields(
	'bytes32 genesis,bytes32 payer,bytes32 operator,uint32 model,bytes32 adapter,' +
		'bytes32 prompt,uint256 maximum,uint64 nonce,uint32 expiry',
);
const VOUCHER = fields(
	'bytes32 genesis,bytes32 payer,bytes32 operator,uint32 model,bytes32 adapter,' +
		'uint256 cumulative,uint64 nonce,uint32 expiry',
);

/** So many bytes of a number, the lowest first, as SCALE writes it. */
const low = (number, bytes) =>
	Array.from({ length: bytes }, (_, i) => ((BigInt(number) >> BigInt(8 * i)) & 0xffn).toString(16))
		.map((byte) => byte.padStart(2, '0'))
		.join('');
/** What SCALE makes of fields: an amount has 16 bytes on chain, whatever Solidity gives it. */
const WRITE = {
	bytes32: (bytes) => ethers.zeroPadValue(bytes, 32).slice(2),
	uint32: (number) => low(number, 4),
	uint64: (number) => low(number, 8),
	uint256: (number) => low(number, 16),
};
const scale = (type, message) => type.map((field) => WRITE[field.type](message[field.name])).join('');
/** SCALE of a `MultiSignature` of an Ethereum key. */
const signed = (signature) => `03${signature.slice(2)}`;

const [rpc, server, path, ...prompts] = process.argv.slice(2);
const provider = new ethers.JsonRpcProvider(rpc, undefined, { pollingInterval: 500, cacheTimeout: -1 });
const wallet = new ethers.Wallet(ALITH, provider);
const attribution = new ethers.Contract(
	ATTRIBUTION,
	[
		'function fundChannel(address operator, uint256 amount)',
		'event VoucherRedeemed(uint64 indexed batch, address indexed payer, uint256 amount, uint64 nonce)',
	],
	wallet,
);

/** What the server answers. */
async function ask(where, body) {
	const options = body && {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
	};
	const response = await fetch(`${server}${where}`, options);
	const answer = await response.json();
	assert.equal(response.status, 200, `${where}: ${answer.error?.message}`);
	return answer;
}

/** The log of this wallet's voucher with a nonce, once there is one. */
function redeemed(nonce, from) {
	const filter = attribution.filters.VoucherRedeemed(null, wallet.address);
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() => reject(new Error(`${PATIENCE / 1_000} s went by without a batch`)),
			PATIENCE,
		);
		const look = async () => {
			const logs = await attribution.queryFilter(filter, from);
			const found = logs.find(({ args }) => args.nonce === nonce);
			if (!found) return;
			clearTimeout(timer);
			resolve(found.args);
		};
		provider.on('block', () => look().catch(reject));
	});
}

const operator = new Keyring({ type: 'sr25519' }).addFromUri(path).publicKey;
await (
	await attribution.fundChannel(ethers.dataSlice(ethers.keccak256(operator), 12), 20n * OPEN)
).wait();

const chainId = Number((await provider.getNetwork()).chainId);
const domain = { name: 'OpenLedger', version: '1', chainId, verifyingContract: ATTRIBUTION };
const genesis = await provider.send('chain_getBlockHash', [0]);
// The native account of an address.
const payer = wallet.address.toLowerCase() + 'ee'.repeat(12);
const [{ id: name }] = (await ask('/v1/models')).data;
const [, model, adapter] = name.match(/^model:(\d+)@([0-9a-f]{64})$/);
const channel = `/v1/channels/${encodeAddress(payer, 42)}`;
const from = await provider.getBlockNumber();

let asked;
let voucher;
let cumulative;
for (const prompt of prompts) {
	const salt = ethers.hexlify(ethers.randomBytes(16)).slice(2);
	const blob = JSON.stringify({ salt, prompt, temperature: 0.5, max_tokens: 32, seed: 1 });
	const { nonce } = await ask(channel);
	asked = {
		genesis,
		payer,
		operator: ethers.hexlify(operator),
		model: Number(model),
		adapter: `0x${adapter}`,
		prompt: blake2AsHex(blob, 256),
		maximum: OPEN,
		nonce: BigInt(nonce) + 1n,
		expiry: (await provider.getBlockNumber()) + 1_000,
	};
	const signature = await wallet.signTypedData(domain, { Request: REQUEST }, asked);
	const answer = await ask('/v1/completions', {
		model: name,
		openledger: { blob, request: scale(REQUEST, asked), signature: signed(signature), voucher },
	});
	const { batched, owed, receipt } = answer.openledger;
	assert.equal(batched, true, receipt);

	// What the wallet is shown is what it asked for, and what it signs are the bytes that it sends.
	const { types, message, ...rest } = owed.typedData;
	assert.deepEqual(types.Voucher, VOUCHER);
	assert.deepEqual({ ...rest.domain, verifyingContract: ATTRIBUTION }, domain);
	assert.equal(rest.domain.verifyingContract, ATTRIBUTION.toLowerCase());
	for (const field of ['genesis', 'payer', 'operator', 'model', 'adapter']) {
		assert.equal(message[field], asked[field], field);
	}
	assert.equal(BigInt(message.nonce), asked.nonce);
	assert.equal(owed.voucher, scale(VOUCHER, message));
	cumulative = BigInt(message.cumulative);
	voucher = owed.voucher + signed(await wallet.signTypedData(domain, { Voucher: VOUCHER }, message));
}

// The last one comes with no request.
const paid = redeemed(asked.nonce, from);
const left = await ask('/v1/vouchers', { voucher });
assert.equal(left.owed, null);
const { batch, amount } = await paid;
assert.ok(amount > 0n && amount <= cumulative, `${amount} of ${cumulative}`);
console.log(
	`an Ethereum wallet pays ${ethers.formatEther(amount)} $OPEN for ${prompts.length} answers of batch ${batch}`,
);
provider.destroy();
