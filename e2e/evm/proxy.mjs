// Stands between clients and a node, over HTTP and WebSocket, and shows a validator all that goes
// through. The bytes are passed on as they are.

import { Agent, createServer, request } from 'node:http';
import WebSocket, { WebSocketServer } from 'ws';

const parsed = (text) => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

async function read(stream) {
	const parts = [];
	for await (const part of stream) parts.push(part);
	return Buffer.concat(parts);
}

/**
 * Starts a proxy.
 *
 * @param {{ http: string, ws: string }} chain
 * @param {import('./schema.mjs').Validator} validator
 * @returns {Promise<{ http: string, ws: string, stop: () => Promise<void> }>}
 */
export async function proxy(chain, validator) {
	const agent = new Agent({ keepAlive: true });
	const server = createServer(async (incoming, outgoing) => {
		const body = await read(incoming);
		const { host, connection, 'content-length': length, ...headers } = incoming.headers;
		const upstream = request(
			new URL(incoming.url, chain.http),
			{ method: incoming.method, agent, headers: { ...headers, 'content-length': body.length } },
			async (answer) => {
				const content = await read(answer);
				const asked = parsed(body);
				const answered = parsed(content);
				if (asked && answered) validator.response(asked, answered);
				const { 'transfer-encoding': chunked, connection: kept, ...received } = answer.headers;
				outgoing.writeHead(answer.statusCode, { ...received, 'content-length': content.length });
				outgoing.end(content);
			},
		);
		upstream.on('error', () => outgoing.destroy());
		upstream.end(body);
	});

	const sockets = new WebSocketServer({ server, perMessageDeflate: false });
	sockets.on('connection', (client) => {
		const node = new WebSocket(chain.ws, { perMessageDeflate: false, maxPayload: 0 });
		const asked = new Map();
		const kinds = new Map();
		const waiting = [];
		client.on('message', (data, isBinary) => {
			const text = isBinary ? data : `${data}`;
			const message = parsed(text);
			if (message && !Array.isArray(message)) asked.set(message.id, message);
			if (node.readyState === WebSocket.OPEN) node.send(text);
			else waiting.push(text);
		});
		node.on('open', () => {
			for (const text of waiting.splice(0)) node.send(text);
		});
		node.on('message', (data, isBinary) => {
			const text = isBinary ? data : `${data}`;
			const message = parsed(text);
			if (message?.method === 'eth_subscription') {
				const { subscription, result } = message.params;
				validator.notification(kinds.get(subscription), result);
			} else if (asked.has(message?.id)) {
				const question = asked.get(message.id);
				asked.delete(message.id);
				validator.response(question, message);
				if (question.method === 'eth_subscribe') kinds.set(message.result, question.params[0]);
			}
			client.send(text);
		});
		const end = () => {
			node.close();
			client.close();
		};
		for (const side of [client, node]) side.on('close', end).on('error', end);
	});

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = `127.0.0.1:${server.address().port}`;
	return {
		http: `http://${address}`,
		ws: `ws://${address}`,
		stop: () => {
			for (const client of sockets.clients) client.terminate();
			agent.destroy();
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		},
	};
}
