// The official Anthropic client against the account's /ai/v1/messages.
import assert from "node:assert/strict";
import { test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { FREE_MODEL, ready } from "./support/world.mjs";

const { messages } = new Anthropic({
  baseURL: `${ready.api_base}/accounts/${ready.account_id}/ai`,
  authToken: ready.api_token,
  apiKey: null,
  maxRetries: 0,
});
const question = [{ role: "user", content: "What is 17 + 25?" }];
const asked = { model: FREE_MODEL, max_tokens: 200, messages: question };
const weather = {
  name: "weather",
  description: "of a city",
  input_schema: { type: "object", properties: { city: { type: "string" } } },
};

test("a message has its text, its stop reason and its usage", async () => {
  const message = await messages.create(asked);
  assert.match(message.content[0].text, /42/);
  assert.equal(message.stop_reason, "end_turn");
  assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0);
});

test("a stream gives the same message", async () => {
  const whole = await messages.create(asked);
  const stream = messages.stream(asked);
  assert.equal(await stream.finalText(), whole.content[0].text);
  const final = await stream.finalMessage();
  assert.equal(final.stop_reason, "end_turn");
  assert.deepEqual(
    [final.usage.input_tokens, final.usage.output_tokens],
    [whole.usage.input_tokens, whole.usage.output_tokens],
  );
});

test("a tool is used, and its result answered, in a stream as well", async () => {
  const tools = { tools: [weather], tool_choice: { type: "tool", name: "weather" } };
  const [whole, streamed] = await Promise.all([
    messages.create({ ...asked, ...tools }),
    messages.stream({ ...asked, ...tools }).finalMessage(),
  ]);
  assert.equal(whole.stop_reason, "tool_use");
  assert.deepEqual(streamed.content[0].input, whole.content[0].input);
  const [use] = whole.content;
  const answered = await messages.create({
    ...asked,
    messages: [
      ...question,
      { role: "assistant", content: whole.content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "sunny" }] },
    ],
  });
  assert.equal(answered.stop_reason, "end_turn");
});

test("a model that does not exist is an error with its status", async () => {
  await assert.rejects(messages.create({ ...asked, model: "@cf/none" }), (error) => {
    assert.ok(error instanceof Anthropic.APIError);
    return error.status === 404 || error.status === 400;
  });
});
