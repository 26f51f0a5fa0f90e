// An unmodified OpenAI client against a running OpenLoRA: node openai.mjs BASE_URL API_KEY
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const receipt = /^0x[0-9a-f]{64}$/;

const { data: models } = await client.models.list();
assert.equal(models.length, 1);
const model = models[0].id;
assert.match(model, /^model:\d+@[0-9a-f]{64}$/);
assert.equal((await client.models.retrieve(model)).id, model);

const prompt = "You may copy and distribute";
const ask = (more) => client.completions.create({ model, prompt, max_tokens: 16, temperature: 0, ...more });
const { data: whole, response } = await ask({}).withResponse();
assert.match(response.headers.get("x-openledger-receipt"), receipt);
assert.equal(whole.object, "text_completion");
assert.equal(whole.usage.completion_tokens, 16);
assert.equal(whole.choices[0].finish_reason, "length");

const { data: stream, response: streamed } = await ask({ stream: true }).withResponse();
assert.match(streamed.headers.get("x-openledger-receipt"), receipt);
let text = "";
let finish;
for await (const chunk of stream) {
	text += chunk.choices[0].text;
	finish = chunk.choices[0].finish_reason ?? finish;
}
// At temperature zero the same question has the same answer, streamed or not.
assert.equal(text, whole.choices[0].text);
assert.equal(finish, "length");

const chat = await client.chat.completions.create({
	model, messages: [{ role: "user", content: prompt }], max_tokens: 16, temperature: 0,
});
assert.equal(chat.choices[0].message.content, whole.choices[0].text);

await assert.rejects(ask({ model: "gpt-4" }), (error) => error.status === 404);
await assert.rejects(ask({ temperature: 3 }), (error) => error.status === 400);
const stranger = new OpenAI({ baseURL, apiKey: "olk_unknown", maxRetries: 0 });
await assert.rejects(
	stranger.completions.create({ model, prompt }),
	(error) => error.status === 401,
);
console.log(`an OpenAI client reads ${text.length} characters from ${model.slice(0, 16)}…: whole, streamed and as chat`);
