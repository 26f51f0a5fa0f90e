// A network of four validators as processes of this machine, each with data, keys and ports of
// its own. They know each other's addresses from the start and talk over libp2p.

import {
	connect,
	devAccount,
	freePort,
	peerId,
	rawChain,
	startNode,
	temporaryFolder,
} from '../e2e/node.mjs';

/** The validators of `--chain local`, in the words of the flags that give a node their keys. */
export const VALIDATORS = ['alice', 'bob', 'charlie', 'dave'];

/** The account that a validator has its stake on. */
export function account(name) {
	return devAccount(`//${name[0].toUpperCase()}${name.slice(1)}//stash`);
}

/** The network; start it with {@link Network.start}. */
export class Network {
	#members = new Map();

	/** Starts all validators and waits until each answers RPC. */
	static async start() {
		const network = new Network();
		for (const [index, name] of VALIDATORS.entries()) {
			const nodeKey = `${index + 1}`.padStart(64, '0');
			const port = await freePort();
			network.#members.set(name, {
				...{ name, nodeKey, port, basePath: temporaryFolder(`${name}-data`) },
				address: `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId(nodeKey)}`,
			});
		}
		try {
			await Promise.all(VALIDATORS.map((name) => network.startValidator(name)));
		} catch (error) {
			await network.stop();
			throw error;
		}
		return network;
	}

	/** Starts one validator on the data it has, and connects to it. */
	async startValidator(name) {
		const member = this.#members.get(name);
		const { nodeKey, port, basePath } = member;
		const others = [...this.#members.values()].filter((other) => other !== member);
		member.node = await startNode({
			...{ name, nodeKey, port, basePath },
			args: [
				...['--chain', rawChain('local'), `--${name}`],
				...['--bootnodes', ...others.map(({ address }) => address)],
			],
		});
		member.api = await connect(member.node);
		return member.api;
	}

	/** polkadot-js on a running validator. */
	api(name) {
		return this.#members.get(name).api;
	}

	/** The process of a running validator. */
	node(name) {
		return this.#members.get(name).node;
	}

	/** Ends a validator as a power cut would. Its data stays. */
	async kill(name) {
		const { node, api } = this.#members.get(name);
		await api.disconnect();
		await node.kill();
	}

	/** Ends all validators. */
	async stop() {
		await Promise.all(
			[...this.#members.values()].map(async ({ node, api }) => {
				await api?.disconnect();
				await node?.stop();
			}),
		);
	}
}
