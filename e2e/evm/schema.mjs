// Whether answers are as Ethereum's specification says. The schemas are those of ethereum's
// execution-apis, from the package in which MetaMask publishes them; what that leaves out is
// written here after the specification and geth's documentation.

import { readFileSync } from 'node:fs';
import Ajv2019 from 'ajv/dist/2019.js';

const { methods, components } = JSON.parse(
	readFileSync(
		new URL('node_modules/@metamask/api-specs/dist/build/openrpc.json', import.meta.url),
		'utf8',
	),
);

const ref = (name) => ({ $ref: `#/components/schemas/${name}` });
const list = (items) => ({ type: 'array', items });
const nullable = (schema) => ({ anyOf: [{ type: 'null' }, schema] });
/** An object that has these keys, may have the others, and has no more. */
const object = (required, optional = {}) => ({
	type: 'object',
	required: Object.keys(required),
	properties: { ...required, ...optional },
	additionalProperties: false,
});
/** An object with any number of keys of one form. */
const map = (key, value) => ({
	type: 'object',
	patternProperties: { [key]: value },
	additionalProperties: false,
});
const boolean = { type: 'boolean' };
const string = { type: 'string' };
const uint = ref('uint');
const ADDRESS = '^0x[0-9a-f]{40}$';
const WORD = '^0x[0-9a-f]{64}$';
/** A word as the struct logger has it: without a prefix. */
const BARE_WORD = '^[0-9a-f]{64}$';

const { Block, Log } = components.schemas;
const { transactions, ...header } = Block.properties;
const place = (known) => ({
	properties: {
		blockHash: known ? ref('hash32') : { type: 'null' },
		blockNumber: known ? uint : { type: 'null' },
		transactionIndex: known ? uint : { type: 'null' },
	},
});

/** Schemas that replace those of the package, with the reason, and further ones. */
const schemas = {
	...components.schemas,
	// `oneOf` refuses an empty list, which both forms admit. Geth also has whole transactions.
	FilterResults: { anyOf: ['hash32', 'Log', 'TransactionInfo'].map((name) => list(ref(name))) },
	// Since its version in the package the specification has a time, and says what a log must have.
	Log: {
		...Log,
		required: [...Object.keys(Log.properties), 'blockTimestamp'],
		properties: { ...Log.properties, blockTimestamp: uint },
	},
	// The package closes the part before the rest was seen. What is pending has no place yet.
	TransactionInfo: {
		type: 'object',
		allOf: [
			{
				required: ['blockHash', 'blockNumber', 'from', 'hash', 'transactionIndex'],
				properties: { from: ref('address'), hash: ref('hash32') },
			},
			{ oneOf: [place(true), place(false)] },
			ref('TransactionSigned'),
		],
		unevaluatedProperties: false,
	},
	// A block without its transactions. Geth also leaves out uncles, withdrawals and the size, which
	// anvil gives as the node does.
	Header: {
		...{ type: 'object', properties: header, additionalProperties: false },
		required: [
			...['hash', 'parentHash', 'sha3Uncles', 'miner', 'stateRoot', 'transactionsRoot'],
			...['receiptsRoot', 'logsBloom', 'number', 'gasLimit', 'gasUsed', 'timestamp', 'extraData'],
			...['mixHash', 'nonce', 'baseFeePerGas'],
		],
	},
	CallFrame: object(
		{
			type: { enum: ['CALL', 'STATICCALL', 'DELEGATECALL', 'CREATE', 'CREATE2', 'SELFDESTRUCT'] },
			...{ from: ref('address'), gas: uint, gasUsed: uint, input: ref('bytes') },
		},
		{
			...{ to: ref('address'), value: uint, output: ref('bytes'), error: string },
			revertReason: string,
			calls: list(ref('CallFrame')),
			logs: list(
				object(
					{ address: ref('address'), topics: list(ref('bytes32')), data: ref('bytes') },
					{ position: uint, index: uint },
				),
			),
		},
	),
	Account: object(
		{},
		{
			...{ balance: uint, nonce: { type: 'integer' }, code: ref('bytes'), codeHash: ref('hash32') },
			storage: map(WORD, ref('bytes32')),
		},
	),
	// What geth's struct logger says of an instruction.
	Step: object(
		{
			...{ pc: { type: 'integer' }, op: { type: 'string', minLength: 1 } },
			...{ gas: { type: 'integer' }, gasCost: { type: 'integer' }, depth: { type: 'integer' } },
		},
		{
			stack: list(uint),
			memory: list({ type: 'string', pattern: BARE_WORD }),
			storage: map(BARE_WORD, { type: 'string', pattern: BARE_WORD }),
			...{ returnData: ref('bytes'), error: string, refund: { type: 'integer' } },
		},
	),
	Steps: object({
		...{ gas: { type: 'integer' }, failed: boolean, returnValue: string },
		structLogs: list(ref('Step')),
	}),
	Trace: {
		anyOf: [
			ref('CallFrame'),
			ref('Steps'),
			map(ADDRESS, ref('Account')),
			object({ pre: map(ADDRESS, ref('Account')), post: map(ADDRESS, ref('Account')) }),
		],
	},
	Traces: list(object({ txHash: ref('hash32') }, { result: ref('Trace'), error: string })),
	Error: object({ code: { type: 'integer' }, message: { type: 'string', minLength: 1 } }, {
		data: {},
	}),
};

const byNonce = (value) => map('^(0|[1-9][0-9]*)$', value);
const pool = (value) => object({ pending: value, queued: value });

/** Results of methods that the package does not have. */
const further = {
	eth_blobBaseFee: uint,
	eth_createAccessList: object({ accessList: ref('AccessList'), gasUsed: uint }, { error: string }),
	eth_getBlockReceipts: nullable(list(ref('ReceiptInfo'))),
	eth_getHeaderByHash: nullable(ref('Header')),
	eth_getHeaderByNumber: nullable(ref('Header')),
	eth_getRawTransactionByBlockHashAndIndex: nullable(ref('bytes')),
	eth_getRawTransactionByBlockNumberAndIndex: nullable(ref('bytes')),
	eth_getRawTransactionByHash: nullable(ref('bytes')),
	eth_getUncleByBlockHashAndIndex: nullable(ref('Block')),
	eth_getUncleByBlockNumberAndIndex: nullable(ref('Block')),
	eth_hashrate: uint,
	eth_maxPriorityFeePerGas: uint,
	eth_mining: boolean,
	eth_pendingTransactions: list(ref('TransactionInfo')),
	eth_protocolVersion: uint,
	net_listening: boolean,
	net_peerCount: uint,
	net_version: { type: 'string', pattern: '^[1-9][0-9]*$' },
	rpc_modules: map('^[a-z0-9]+$', string),
	txpool_content: pool(map('^0x[0-9a-fA-F]{40}$', byNonce(ref('TransactionInfo')))),
	txpool_contentFrom: pool(byNonce(ref('TransactionInfo'))),
	txpool_inspect: pool(map('^0x[0-9a-fA-F]{40}$', byNonce(string))),
	txpool_status: pool(uint),
	web3_sha3: ref('hash32'),
	debug_getBadBlocks: list(ref('BadBlock')),
	debug_getRawBlock: ref('bytes'),
	debug_getRawHeader: ref('bytes'),
	debug_getRawReceipts: list(ref('bytes')),
	debug_getRawTransaction: ref('bytes'),
	debug_traceBlockByHash: ref('Traces'),
	debug_traceBlockByNumber: ref('Traces'),
	debug_traceCall: ref('Trace'),
	debug_traceTransaction: ref('Trace'),
	'eth_subscription newHeads': ref('Header'),
	'eth_subscription logs': ref('Log'),
	'eth_subscription newPendingTransactions': { anyOf: [ref('hash32'), ref('TransactionInfo')] },
	'eth_subscription syncing': ref('SyncingStatus'),
};

/** What only a wallet answers. */
const WALLET = /^(wallet|personal)_|_(sendTransaction|signTypedData|requestAccounts|decrypt|getEncr)/;

const ajv = new Ajv2019({ strict: false, allErrors: false, verbose: false });
ajv.addSchema({ $id: 'execution-apis', components: { schemas } });
const compiled = new Map();
for (const { name, result } of methods) {
	if (!WALLET.test(name)) compiled.set(name, result.schema);
}
for (const [name, schema] of Object.entries({ ...further, error: ref('Error') })) {
	compiled.set(name, schema);
}
/** The same schema, its references made to lead into the one that was added. */
const rooted = (schema) =>
	JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"execution-apis#/components/'));
for (const [name, schema] of compiled) compiled.set(name, ajv.compile(rooted(schema)));

/** The methods, and kinds of notifications, that there are schemas of. */
export const KNOWN = [...compiled.keys()].filter((name) => name !== 'error');

/**
 * What is wrong with a result.
 *
 * @param {string} name the method, or `eth_subscription` and the kind of subscription
 * @returns {string | undefined} nothing where it is right, or where there is no schema
 */
export function fault(name, result) {
	const check = compiled.get(name);
	if (!check || check(result)) return undefined;
	// Alternatives report all that they lack; the deepest report is of the nearest one. That null
	// would do as well says nothing.
	const depth = ({ keyword, params, instancePath }) =>
		/^(any|one)Of$/.test(keyword) || params.type === 'null' ? -1 : instancePath.length;
	const [{ instancePath, message, params }] = [...check.errors].sort((a, b) => depth(b) - depth(a));
	return `${instancePath || '/'} ${message} ${JSON.stringify(params)}`;
}

/** Checks responses and counts them. */
export class Validator {
	/** Responses by method. */
	counts = new Map();
	/** An example of each fault, by method and fault. */
	faults = new Map();

	#count(name) {
		this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
	}

	#check(name, result, response) {
		const found = fault(name, result);
		// The place in a list is none of what is wrong.
		if (found) this.faults.set(`${name}: ${found.replace(/\/\d+\b/g, '/*')}`, response);
	}

	/** Takes a request and its response, or batches of them. */
	response(request, response) {
		if (Array.isArray(request)) {
			for (const one of request) {
				const answer = Array.isArray(response) && response.find(({ id }) => id === one.id);
				if (answer) this.response(one, answer);
			}
			return;
		}
		const { method } = request;
		if (!compiled.has(method)) return;
		this.#count(method);
		const { jsonrpc, id, result, error, ...rest } = response;
		const one = (result === undefined) !== (error === undefined);
		if (jsonrpc !== '2.0' || id !== request.id || !one || Object.keys(rest).length > 0) {
			this.faults.set(`${method}: no response of JSON-RPC 2.0`, response);
		} else if (error) {
			this.#check('error', error, response);
		} else {
			this.#check(method, result, response);
		}
	}

	/** Takes what a subscription of this kind sent. */
	notification(kind, result) {
		const name = `eth_subscription ${kind}`;
		this.#count(name);
		this.#check(name, result, result);
	}

	/** What was seen, in words. */
	summary() {
		const total = [...this.counts.values()].reduce((sum, count) => sum + count, 0);
		const unseen = KNOWN.filter((name) => !this.counts.has(name));
		return [
			`${total} answers to ${this.counts.size} methods were compared with Ethereum's schemas`,
			`not asked for: ${unseen.join(', ') || 'none'}`,
			...[...this.faults].map(
				([what, example]) => `FAULT ${what}\n    ${JSON.stringify(example).slice(0, 600)}`,
			),
		];
	}
}
