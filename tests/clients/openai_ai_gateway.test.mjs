// The official OpenAI client against the AI Gateway fake's /compat: what it makes of each answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { failureOf, piecesOf, textOf } from "./support/outcomes.mjs";
import { recorder } from "./support/recorder.mjs";
import {
  FREE_MODEL,
  gatewayToken,
  question,
  ready,
  withFault,
  withJournal,
  withKnobs,
} from "./support/world.mjs";

const SANDBOX_ID = "sk-0123456789abcdef";
const MODEL = "workers-ai/" + FREE_MODEL;

// With the client's own retries, and a record of what it sent.
function client(options = {}, { edit } = {}) {
  const { calls, fetch } = recorder({ edit });
  const openai = new OpenAI({
    baseURL: ready.ai_gateway_base + "/compat",
    apiKey: ready.api_token,
    fetch,
    ...options,
    defaultHeaders: { ...gatewayToken, ...options.defaultHeaders },
  });
  const chat = openai.chat.completions;
  return {
    calls,
    ask: (model = MODEL) => chat.create({ model, messages: question }),
    stream: async () => chat.create({ model: MODEL, messages: question, stream: true }),
  };
}

const retryCounts = (calls) => calls.map((call) => call.headers.get("x-stainless-retry-count"));

// Section 7, row 1.
test("a chat answer comes back, and cf-aig headers arrive as they were set", async () => {
  const { calls, ask } = client({
    defaultHeaders: {
      "cf-aig-event-id": "Event 1/2",
      "cf-aig-metadata": JSON.stringify({ sandbox_id: SANDBOX_ID }),
    },
  });
  const [{ data, response }, [arrived]] = await withJournal(() => ask().withResponse());
  assert.equal(data.object, "chat.completion");
  assert.match(data.choices[0].message.content, /42/);
  assert.equal(calls.length, 1);
  const base = new URL(ready.ai_gateway_base).pathname;
  assert.match(base, /^\/v1\/[0-9a-f]{32}\/[^/]+$/);
  assert.equal(arrived.path, base + "/compat/chat/completions");
  assert.equal(arrived.tenant, SANDBOX_ID);
  assert.equal(response.headers.get("cf-aig-event-id"), "Event 1/2");
});

// Row 2.
test("an upstream failure is a 400 that is not retried, with an array for an error", async () => {
  const { calls, ask } = client();
  const error = await withFault({ status: 400, code: 2005 }, () => failureOf(ask()));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(calls.length, 1);
  assert.equal(error.error[0].code, 2005);
  assert.equal(error.code, undefined);
  assert.equal(error.message.indexOf('400 [{"code":2005,'), 0);
});

// Row 3.
test("a gateway that refuses the token is an AuthenticationError after one request", async () => {
  const stranger = { "cf-aig-authorization": "Bearer nobody" };
  const { calls, ask } = client({ defaultHeaders: stranger });
  const error = await failureOf(ask());
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assert.deepEqual(error.error, [{ code: 2009, message: "Unauthorized" }]);
  assert.equal(calls.length, 1);
});

// Row 4.
for (const [status, code, what] of [
  [402, 2021, "no credits"],
  [424, 2016, "a blocked prompt"],
]) {
  test(`${what} is a plain APIError of status ${status} after one request`, async () => {
    const { calls, ask } = client();
    const error = await withFault({ status, code }, () => failureOf(ask()));
    assert.equal(error.constructor, OpenAI.APIError);
    assert.equal(error.status, status);
    assert.equal(error.error[0].code, code);
    assert.equal(calls.length, 1);
  });
}

// Row 5.
test("a 429 of the gateway is retried twice, then is a RateLimitError", async () => {
  const { calls, ask } = client();
  const error = await withFault({ status: 429, code: 2003, times: 3 }, () => failureOf(ask()));
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.deepEqual(retryCounts(calls), ["0", "1", "2"]);
  const waited = calls.at(-1).startedAt - calls[0].startedAt;
  assert.ok(waited >= 1100, `waited ${waited} ms in all`);
});

test("x-should-retry: false ends a 429 at once", async () => {
  const { calls, ask } = client({}, { edit: () => ({ "x-should-retry": "false" }) });
  const error = await withFault({ status: 429, code: 2003 }, () => failureOf(ask()));
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.equal(calls.length, 1);
});

test("retry-after: 1 makes the client wait for one second", async () => {
  const { calls, ask } = client();
  const limited = { status: 429, code: 2003, retry_after_seconds: 1 };
  const answer = await withFault(limited, () => ask());
  assert.match(answer.choices[0].message.content, /42/);
  assert.equal(calls.length, 2);
  const waited = calls[1].startedAt - calls[0].startedAt;
  assert.ok(waited >= 1000, `waited ${waited} ms`);
});

// Row 6.
test("a model's 408 is retried twice, and its message is lost", async () => {
  const { calls, ask } = client();
  const error = await withFault({ status: 408, code: 3007, times: 3 }, () => failureOf(ask()));
  assert.equal(error.constructor, OpenAI.APIError);
  assert.equal(error.message, "408 status code (no body)");
  assert.equal(calls.length, 3);
});

test("a model that is not there is a 400 without a message after one request", async () => {
  const { calls, ask } = client();
  const error = await failureOf(ask("workers-ai/@cf/nobody/nothing"));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.message, "400 status code (no body)");
  assert.equal(calls.length, 1);
});

// Row 7.
test("two 503 and then an answer are three requests", async () => {
  const { calls, ask } = client();
  const answer = await withFault({ status: 503, times: 2 }, () => ask());
  assert.match(answer.choices[0].message.content, /42/);
  assert.equal(calls.length, 3);
});

test("a reset connection and then an answer are two requests", async () => {
  const { calls, ask } = client();
  const answer = await withFault({ reset: "before" }, () => ask());
  assert.match(answer.choices[0].message.content, /42/);
  assert.equal(calls.length, 2);
});

// Row 8.
test("a native usage frame in a stream is a chunk without choices", async () => {
  const { stream } = client();
  const chunks = await withKnobs({ stream_variant: "zeros_then_native" }, async () =>
    piecesOf(await stream()),
  );
  assert.match(textOf(chunks), /42/);
  const [zeros, native] = chunks.slice(-2);
  assert.deepEqual(zeros.choices, []);
  assert.equal(zeros.usage.total_tokens, 0);
  assert.equal(native.choices, undefined);
  assert.ok(native.usage.total_tokens > 0);
  assert.throws(() => native.choices[0], TypeError);
});

// Row 9.
test("an error frame ends the iteration with an APIError that has its code", async () => {
  const { calls, stream } = client();
  const fault = { after_chunks: 1, then: "error", code: 3040 };
  const error = await withFault(fault, async () => failureOf(piecesOf(await stream())));
  assert.equal(error.constructor, OpenAI.APIError);
  assert.equal(error.status, undefined);
  assert.equal(error.code, 3040);
  assert.equal(calls.length, 1);
});

test("a frame with a list of errors is a chunk like any other", async () => {
  const { stream } = client();
  const fault = { after_chunks: 1, then: "errors", code: 3040 };
  const chunks = await withFault(fault, async () => piecesOf(await stream()));
  assert.equal(chunks.length, 2);
  assert.equal(chunks[1].errors[0].code, 3040);
});

// Row 10.
test("a stream that ends without [DONE] ends without an error", async () => {
  const { stream } = client();
  const chunks = await withFault({ after_chunks: 2, then: "end" }, async () =>
    piecesOf(await stream()),
  );
  assert.equal(chunks.length, 2);
  assert.equal(chunks.at(-1).choices[0].finish_reason, null);
});

test("a stream that is cut is a TypeError, and not retried", async () => {
  const { calls, stream } = client();
  const error = await withFault({ after_chunks: 2, then: "cut" }, async () =>
    failureOf(piecesOf(await stream())),
  );
  assert.ok(error instanceof TypeError);
  assert.equal(error.message, "terminated");
  assert.equal(calls.length, 1);
});

// Row 11.
test("a JSON body in place of a stream is no chunk and no error", async () => {
  const { stream } = client();
  const chunks = await withKnobs({ stream_variant: "json_answer" }, async () =>
    piecesOf(await stream()),
  );
  assert.deepEqual(chunks, []);
});

test("an HTML page with 200 is what the client returns", async () => {
  const page = "<html><body>Checking your browser</body></html>";
  const answer = await withFault({ status: 200, body: page }, () => client().ask());
  assert.equal(answer, page);
});
