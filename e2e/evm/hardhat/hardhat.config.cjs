// A Hardhat project as its users have one. The compiler comes from npm instead of the internet.

const { subtask } = require('hardhat/config');
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require('hardhat/builtin-tasks/task-names');
require('@nomicfoundation/hardhat-ethers');

const { version } = require('solc/package.json');

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD).setAction(async () => ({
	compilerPath: require.resolve('solc/soljson.js'),
	isSolcJs: true,
	version,
	longVersion: require('solc').version().replace('.Emscripten.clang', ''),
}));

/** alith's and baltathar's keys. */
const accounts = [
	'0x5fb92d6e98884f76de468fa3f6278f8807c48bebc13595d45af5bdc4da702133',
	'0x8075991ce870b93a8870eca0c0f91913d12f47948ca0fd25b49c6fa7cdbeee8b',
];

module.exports = {
	solidity: version,
	defaultNetwork: 'openledger',
	networks: {
		openledger: {
			url: process.env.OPENLEDGER_RPC ?? 'http://127.0.0.1:9944',
			// `remote` for those whose keys the node has.
			accounts: process.env.HARDHAT_ACCOUNTS ?? accounts,
		},
	},
	// What it makes goes where the caller says.
	paths: { artifacts: process.env.HARDHAT_ARTIFACTS, cache: process.env.HARDHAT_CACHE },
	mocha: { timeout: 120_000 },
};
