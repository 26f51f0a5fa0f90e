// Runs the programs that users have.

import { spawn } from 'node:child_process';

/** Runs a program to its end and gives its exit status and what it printed. */
export function finished(program, args, options = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
		const printed = { stdout: '', stderr: '' };
		for (const stream of ['stdout', 'stderr']) {
			child[stream].on('data', (data) => {
				printed[stream] += data;
			});
		}
		child.on('error', reject);
		child.on('close', (status) => resolve({ status, ...printed }));
	});
}
