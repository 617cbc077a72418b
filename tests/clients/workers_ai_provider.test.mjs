// workers-ai-provider under the AI SDK. Its hosts are fixed, so its fetch sends them to the fakes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { APICallError, RetryError, generateText, streamText } from "ai";
import { createWorkersAI } from "workers-ai-provider";
import { failureOf, piecesOf } from "./support/outcomes.mjs";
import { recorder } from "./support/recorder.mjs";
import {
  FREE_MODEL,
  cloudOrigin,
  gatewayToken,
  ready,
  withFault,
  withJournal,
  withKnobs,
} from "./support/world.mjs";

const prompt = "What is 19 + 23?";
const silent = { onError() {} };

function client({ gateway } = {}) {
  const { calls, fetch } = recorder({ origin: cloudOrigin });
  const workersAi = createWorkersAI({
    accountId: ready.account_id,
    apiKey: ready.api_token,
    gateway: gateway && { id: ready.ai_gateway_id, ...gateway },
    fetch,
  });
  const model = workersAi(FREE_MODEL, { extraHeaders: gateway && gatewayToken });
  return {
    calls,
    generate: () => generateText({ model, prompt }),
    stream: () => streamText({ model, prompt, ...silent }),
  };
}

// Section 7, row 12.
test("generateText calls the gateway's run path, with cache and metadata headers", async () => {
  const metadata = { sandbox_id: "sk-0123456789abcdef" };
  const { calls, generate } = client({ gateway: { cacheTtl: 60, metadata } });
  const [result, [arrived]] = await withJournal(() => generate());
  assert.match(result.text, /42/);
  assert.ok(result.usage.inputTokens > 0);
  assert.ok(result.usage.outputTokens > 0);
  assert.equal(calls.length, 1);
  assert.equal(calls[0].headers.get("cf-aig-cache-ttl"), "60");
  assert.deepEqual(JSON.parse(calls[0].headers.get("cf-aig-metadata")), metadata);
  const path = `/v1/${ready.account_id}/${ready.ai_gateway_id}/workers-ai/run/${FREE_MODEL}`;
  assert.equal(calls[0].url, "https://gateway.ai.cloudflare.com" + path);
  assert.equal(arrived.path, path);
  assert.equal(arrived.tenant, metadata.sandbox_id);
});

test("generateText without a gateway calls the REST API's run path", async () => {
  const { calls, generate } = client();
  const [result, [arrived]] = await withJournal(() => generate());
  assert.match(result.text, /42/);
  assert.equal(calls[0].url.indexOf("https://api.cloudflare.com/"), 0);
  assert.equal(arrived.path, `/client/v4/accounts/${ready.account_id}/ai/run/${FREE_MODEL}`);
});

// Row 13.
test("streamText reads a native stream with its usage", async () => {
  const { calls, stream } = client({ gateway: {} });
  const result = stream();
  const pieces = await piecesOf(result.textStream);
  assert.ok(pieces.length > 1);
  assert.match(pieces.join(""), /42/);
  assert.equal(await result.finishReason, "stop");
  const usage = await result.usage;
  assert.ok(usage.inputTokens > 0 && usage.outputTokens > 0);
  assert.equal(calls.length, 1);
});

test("streamText ends a truncated stream with finish reason error and usage 0", async () => {
  const { calls, stream } = client({ gateway: {} });
  await withFault({ after_chunks: 2, then: "end" }, async () => {
    const result = stream();
    assert.equal((await piecesOf(result.textStream)).length, 2);
    assert.equal(await result.finishReason, "error");
    assert.equal((await result.usage).outputTokens, 0);
  });
  assert.equal(calls.length, 1);
});

test("streamText that gets JSON asks once more without a stream", async () => {
  const { calls, stream } = client({ gateway: {} });
  const text = await withKnobs({ stream_variant: "json_answer" }, () => stream().text);
  assert.match(text, /42/);
  assert.deepEqual(
    calls.map((call) => call.body.stream),
    [true, false],
  );
});

// Row 14.
test("generateText retries a model over capacity twice, then is a RetryError", async () => {
  const { calls, generate } = client({ gateway: {} });
  const busy = { status: 429, code: 3040, times: 3 };
  const error = await withFault(busy, () => failureOf(generate()));
  assert.ok(RetryError.isInstance(error));
  assert.ok(APICallError.isInstance(error.lastError));
  assert.equal(error.lastError.statusCode, 429);
  assert.equal(calls.length, 3);
  const waited = calls[2].startedAt - calls[0].startedAt;
  assert.ok(waited >= 5900, `waited ${waited} ms in all`);
});

test("generateText does not retry an upstream failure", async () => {
  const { calls, generate } = client({ gateway: {} });
  const error = await withFault({ status: 400, code: 2005 }, () => failureOf(generate()));
  assert.ok(APICallError.isInstance(error));
  assert.equal(error.statusCode, 400);
  assert.equal(error.isRetryable, false);
  assert.equal(calls.length, 1);
});
