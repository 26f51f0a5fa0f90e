// Ethereum's JSON-RPC over WebSocket, as little of a client as can be: what arrives is seen as it
// was sent, and in order.

import WebSocket from 'ws';
import { PATIENCE } from './chain.mjs';

export class Socket {
	#socket;
	#requests = 0;
	#answers = new Map();
	#subscriptions = new Map();
	/** What came for a subscription before its id was known. */
	#early = new Map();

	/** Opens a connection to `ws://…`. */
	static async open(url) {
		const socket = new Socket();
		socket.#socket = new WebSocket(url, { perMessageDeflate: false });
		socket.#socket.on('message', (data) => socket.#read(JSON.parse(data)));
		await new Promise((resolve, reject) => {
			socket.#socket.once('open', resolve);
			socket.#socket.once('error', reject);
		});
		/** Resolves with the reason when the connection ends. */
		socket.closed = new Promise((resolve) => {
			socket.#socket.on('error', () => {});
			socket.#socket.once('close', (code, reason) => {
				resolve(`${code} ${reason}`);
				for (const answer of socket.#answers.values()) {
					answer({ error: { code, message: `the connection ended: ${reason}` } });
				}
			});
		});
		return socket;
	}

	#read(message) {
		if (message.method !== 'eth_subscription') {
			this.#answers.get(message.id)?.(message);
			this.#answers.delete(message.id);
			return;
		}
		const { subscription, result } = message.params;
		const seen = this.#subscriptions.get(subscription);
		if (seen) seen(result);
		else this.#early.set(subscription, [...(this.#early.get(subscription) ?? []), result]);
	}

	/** The answer to one request: `{ result }` or `{ error }`. */
	ask(method, params = []) {
		this.#requests += 1;
		const id = this.#requests;
		return new Promise((resolve) => {
			this.#answers.set(id, resolve);
			this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
		});
	}

	/** The result of one request. Throws where it is an error. */
	async request(method, params = []) {
		const { result, error } = await this.ask(method, params);
		if (error) throw new Error(`${method}: ${error.message} (${error.code})`);
		return result;
	}

	/** Calls back with all that a subscription sends. Gives the subscription's id. */
	async subscribe(params, seen) {
		const id = await this.request('eth_subscribe', params);
		this.#subscriptions.set(id, seen);
		for (const result of this.#early.get(id) ?? []) seen(result);
		this.#early.delete(id);
		return id;
	}

	/** Ends the connection. */
	async close() {
		this.#socket.close();
		await this.closed;
	}
}

/** What a subscription has sent, and a way to wait for more of it. */
export class Seen {
	all = [];
	#waiting = new Set();

	/** Takes one more; pass it to `subscribe`. */
	take = (one) => {
		this.all.push(one);
		for (const check of this.#waiting) check();
	};

	/** Waits until `accept` gives something for what has come; it is asked again at each arrival. */
	until(accept, what) {
		return new Promise((resolve, reject) => {
			let busy = false;
			let again = false;
			const end = (settle, value) => {
				clearTimeout(timer);
				this.#waiting.delete(check);
				settle(value);
			};
			const check = async () => {
				again = true;
				if (busy) return;
				busy = true;
				try {
					while (again) {
						again = false;
						const found = await accept(this.all);
						if (found) return end(resolve, found);
					}
					busy = false;
				} catch (error) {
					end(reject, error);
				}
			};
			const timer = setTimeout(
				() => end(reject, new Error(`${PATIENCE / 1_000} s went by without ${what}`)),
				PATIENCE,
			);
			this.#waiting.add(check);
			check();
		});
	}
}
