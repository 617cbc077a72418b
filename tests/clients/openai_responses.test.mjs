// The official OpenAI client's newer API against the account's /ai/v1/responses.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { FREE_MODEL, ready } from "./support/world.mjs";

const { responses } = new OpenAI({
  baseURL: `${ready.api_base}/accounts/${ready.account_id}/ai/v1`,
  apiKey: ready.api_token,
  maxRetries: 0,
});
const ask = (more) => responses.create({ model: FREE_MODEL, input: "What is 17 + 25?", ...more });
const weather = {
  type: "function",
  name: "weather",
  parameters: { type: "object", properties: { city: { type: "string" } } },
  strict: false,
};

test("a response has its text and its usage", async () => {
  const response = await ask();
  assert.match(response.output_text, /42/);
  assert.equal(response.status, "completed");
  const { input_tokens, output_tokens, total_tokens } = response.usage;
  assert.equal(input_tokens + output_tokens, total_tokens);
});

test("a stream gives the same text, and the whole response at its end", async () => {
  const { output_text } = await ask();
  let said = "";
  const stream = responses.stream({ model: FREE_MODEL, input: "What is 17 + 25?" });
  for await (const event of stream)
    if (event.type === "response.output_text.delta") said += event.delta;
  const final = await stream.finalResponse();
  assert.equal(said, output_text);
  assert.equal(final.output_text, output_text);
});

test("a tool is called, and its output answered", async () => {
  const called = await ask({ tools: [weather], tool_choice: "required" });
  const [call] = called.output;
  assert.equal(call.type, "function_call");
  assert.equal(call.name, "weather");
  JSON.parse(call.arguments);
  const answered = await ask({
    input: [
      { role: "user", content: "What is 17 + 25?" },
      call,
      { type: "function_call_output", call_id: call.call_id, output: "sunny" },
    ],
  });
  assert.match(answered.output_text, /42/);
});

// The envelope is Cloudflare's, of which this client takes the status alone.
test("what refers to a stored response is refused", async () => {
  await assert.rejects(ask({ previous_response_id: "resp_1" }), { status: 400 });
});
