// Compiles the Solidity of these tests with solc as it comes, no setting but its own defaults.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const solc = createRequire(import.meta.url)('solc');

/**
 * Compiles `contracts/<name>.sol`; what it imports is looked for in the folder `imports`.
 *
 * @returns {{ abi: object[], bytecode: string, deployed: string }} the interface, and the code
 *   before and after deployment in hexadecimal
 */
export function compile(name, imports) {
	const file = `${name}.sol`;
	const content = readFileSync(new URL(`contracts/${file}`, import.meta.url), 'utf8');
	const output = JSON.parse(
		solc.compile(
			JSON.stringify({
				language: 'Solidity',
				sources: { [file]: { content } },
				settings: {
					outputSelection: {
						'*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] },
					},
				},
			}),
			{ import: (path) => ({ contents: readFileSync(new URL(path, imports), 'utf8') }) },
		),
	);
	const problems = output.errors ?? [];
	if (problems.length > 0) {
		throw new Error(problems.map(({ formattedMessage }) => formattedMessage).join('\n'));
	}
	const { abi, evm } = output.contracts[file][name];
	return {
		abi,
		bytecode: `0x${evm.bytecode.object}`,
		deployed: `0x${evm.deployedBytecode.object}`,
	};
}
