// The official OpenAI client against the gateway's own /v1, over the same failures of AI Gateway:
// what passes through and what the gateway makes of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { failureOf, piecesOf, textOf } from "./support/outcomes.mjs";
import { recorder } from "./support/recorder.mjs";
import {
  FREE_MODEL,
  question,
  ready,
  tenantUrl,
  withFault,
  withJournal,
  withKnobs,
} from "./support/world.mjs";

function client(options = {}) {
  const { calls, fetch } = recorder();
  const openai = new OpenAI({
    baseURL: tenantUrl,
    apiKey: ready.demo_tenant_key,
    maxRetries: 0,
    fetch,
    ...options,
  });
  const chat = openai.chat.completions;
  return {
    calls,
    ask: () => chat.create({ model: "auto", messages: question }),
    stream: async () => chat.create({ model: "auto", messages: question, stream: true }),
  };
}

// Section 7, row 1.
test("the metadata of a call is the tenant's, whatever the caller says", async () => {
  const { ask } = client({
    defaultHeaders: {
      "cf-aig-metadata": JSON.stringify({ sandbox_id: "sk-0123456789abcdef" }),
      "cf-aig-cache-key": "of the caller",
    },
  });
  const [{ data, response }, arrived] = await withJournal(() => ask().withResponse());
  assert.match(data.choices[0].message.content, /42/);
  assert.equal(response.headers.get("x-moltgate-model"), FREE_MODEL);
  assert.equal(arrived.length, 1);
  assert.equal(arrived[0].path, new URL(ready.ai_gateway_base).pathname);
  assert.match(arrived[0].tenant, /^sk-[0-9a-f]{16}$/);
  assert.notEqual(arrived[0].tenant, "sk-0123456789abcdef");
});

// Row 5.
test("a 429 that outlasts the gateway is a RateLimitError, and the client waits as told", async () => {
  const { calls, ask } = client({ maxRetries: 1 });
  const limited = { status: 429, code: 3040, retry_after_seconds: 1, times: 3 };
  const [answer, arrived] = await withFault(limited, () => withJournal(() => ask()));
  assert.match(answer.choices[0].message.content, /42/);
  assert.equal(calls.length, 2);
  assert.equal(arrived.length, 4);
  const waited = calls[1].startedAt - calls[0].startedAt;
  assert.ok(waited >= 3000, `two waits of the gateway and one of the client: ${waited} ms`);
});

test("a spent budget is a RateLimitError with its code after one attempt", async () => {
  const [error, arrived] = await withFault({ status: 429, code: 2041 }, () =>
    withJournal(() => failureOf(client().ask())),
  );
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.equal(error.code, "2041");
  assert.equal(arrived.length, 1);
});

// Row 6.
test("a model that times out three times is a 504 with a message", async () => {
  const [error, arrived] = await withFault({ status: 408, code: 3007, times: 3 }, () =>
    withJournal(() => failureOf(client().ask())),
  );
  assert.ok(error instanceof OpenAI.InternalServerError);
  assert.equal(error.status, 504);
  assert.equal(error.code, "model_timeout");
  assert.match(error.message, /did not answer in time/);
  assert.equal(arrived.length, 3);
});

test("what the model refuses is a BadRequestError with its code and text", async () => {
  const [error, arrived] = await withFault({ status: 400, code: 3030 }, () =>
    withJournal(() => failureOf(client().ask())),
  );
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.code, "3030");
  assert.match(error.message, /Max context reached/);
  assert.equal(arrived.length, 1);
});

// Row 7.
test("two 503 and then an answer are one request of the client", async () => {
  const { calls, ask } = client();
  const { data, response } = await withFault({ status: 503, times: 2 }, () => ask().withResponse());
  assert.match(data.choices[0].message.content, /42/);
  assert.equal(response.headers.get("x-moltgate-attempts"), "3");
  assert.equal(calls.length, 1);
});

test("a reset connection behind the gateway is one request of the client", async () => {
  const { calls, ask } = client();
  const { data, response } = await withFault({ reset: "before" }, () => ask().withResponse());
  assert.match(data.choices[0].message.content, /42/);
  assert.equal(response.headers.get("x-moltgate-attempts"), "2");
  assert.equal(calls.length, 1);
});

// Row 8.
test("a native usage frame passes through as a chunk without choices", async () => {
  const chunks = await withKnobs({ stream_variant: "zeros_then_native" }, async () =>
    piecesOf(await client().stream()),
  );
  assert.match(textOf(chunks), /42/);
  assert.equal(chunks.at(-1).choices, undefined);
  assert.ok(chunks.at(-1).usage.total_tokens > 0);
});

// Row 9.
test("an error frame within a stream reaches the client with its code", async () => {
  const fault = { after_chunks: 3, then: "error", code: 3040 };
  // A frame a second: the first has gone to the client when the error comes.
  const error = await withKnobs({ tokens_per_second: 1 }, () =>
    withFault(fault, async () => failureOf(piecesOf(await client().stream()))),
  );
  assert.equal(error.constructor, OpenAI.APIError);
  assert.equal(error.code, 3040);
});

test("an error in place of the first frame is tried again", async () => {
  const { calls, stream } = client();
  const fault = { after_chunks: 0, then: "error", code: 3040 };
  const chunks = await withFault(fault, async () => piecesOf(await stream()));
  assert.match(textOf(chunks), /42/);
  assert.equal(calls.length, 1);
});

// Row 10.
test("a stream that ends without [DONE] ends for the client without an error", async () => {
  const chunks = await withFault({ after_chunks: 2, then: "end" }, async () =>
    piecesOf(await client().stream()),
  );
  assert.equal(chunks.length, 2);
});

test("a stream that is cut behind the gateway is cut for the client", async () => {
  const { calls, stream } = client();
  const error = await withFault({ after_chunks: 2, then: "cut" }, async () =>
    failureOf(piecesOf(await stream())),
  );
  assert.ok(error instanceof TypeError);
  assert.equal(error.message, "terminated");
  assert.equal(calls.length, 1);
});

// Row 11.
test("a model's JSON body in place of a stream is no chunk and no error", async () => {
  const chunks = await withKnobs({ stream_variant: "json_answer" }, async () =>
    piecesOf(await client().stream()),
  );
  assert.deepEqual(chunks, []);
});

test("HTML pages in place of answers are a 502 after three attempts", async () => {
  const page = { status: 200, body: "<html><body>Checking your browser</body></html>", times: 3 };
  const [error, arrived] = await withFault(page, () =>
    withJournal(() => failureOf(client().ask())),
  );
  assert.ok(error instanceof OpenAI.InternalServerError);
  assert.equal(error.status, 502);
  assert.equal(error.code, "model_unavailable");
  assert.equal(arrived.length, 3);
});
