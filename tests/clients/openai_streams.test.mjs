// The official OpenAI client against the gateway's /v1: streams, refusals, and leaving early.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { failureOf, piecesOf, textOf } from "./support/outcomes.mjs";
import { question, ready, tenantUrl, withFault, withJournal, withKnobs } from "./support/world.mjs";

const chat = new OpenAI({ baseURL: tenantUrl, apiKey: ready.demo_tenant_key, maxRetries: 0 }).chat
  .completions;
const ask = (more = {}) => chat.create({ model: "auto", messages: question, ...more });
const stream = (more = {}, options = {}) =>
  chat.create({ model: "auto", messages: question, stream: true, ...more }, options);

test("a stream gives the same text as an answer in one piece, and its usage", async () => {
  const whole = await ask();
  const chunks = await piecesOf(await stream({ stream_options: { include_usage: true } }));
  assert.equal(textOf(chunks), whole.choices[0].message.content);
  assert.deepEqual(chunks.findLast((chunk) => chunk.usage).usage, whole.usage);
});

test("chunks arrive as the model speaks", async () => {
  await withKnobs({ tokens_per_second: 20 }, async () => {
    const gaps = [];
    let last = performance.now();
    for await (const chunk of await stream()) {
      if (chunk.choices?.[0]?.delta?.content) gaps.push(performance.now() - last);
      last = performance.now();
    }
    assert.ok(gaps.length > 2);
    assert.ok(Math.max(...gaps.slice(1)) < 1000, `a gap of ${Math.max(...gaps)} ms`);
  });
});

test("a caller that aborts ends the model call within a second", async () => {
  await withKnobs({ tokens_per_second: 1 }, async () => {
    const leaving = async () => {
      const chunks = await stream();
      for await (const chunk of chunks) {
        if (!chunk.choices[0].delta.content) continue;
        chunks.controller.abort();
        return performance.now();
      }
    };
    const [left, [call]] = await withJournal(leaving, 1);
    assert.equal(call.outcome, "cancelled");
    assert.ok(performance.now() - left < 1000);
  });
});

test("a stream that fails before its first byte is tried again unseen", async () => {
  const fault = { after_chunks: 0, then: "cut" };
  const chunks = await withFault(fault, async () => piecesOf(await stream()));
  assert.match(textOf(chunks), /42/);
});

test("a stream that breaks is an error, and not a short answer", async () => {
  await withKnobs({ tokens_per_second: 20 }, async () => {
    const error = await withFault({ after_chunks: 3, then: "cut" }, async () =>
      failureOf(piecesOf(await stream())),
    );
    assert.ok(error instanceof Error);
  });
});

test("an error within a stream is an APIError with its code", async () => {
  await withKnobs({ tokens_per_second: 20 }, async () => {
    const error = await withFault({ after_chunks: 3, then: "error", code: 3040 }, async () =>
      failureOf(piecesOf(await stream())),
    );
    assert.ok(error instanceof OpenAI.APIError);
    assert.equal(error.code, 3040);
  });
});

test("a model's refusal is a BadRequestError with its sentence and its code", async () => {
  const error = await withFault({ status: 400, code: 3030 }, () => failureOf(ask()));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.equal(error.code, "3030");
  assert.equal(error.type, "invalid_request_error");
  assert.ok(error.message.length > "400 ".length);
});

test("a request that is wrong is a BadRequestError that names the parameter", async () => {
  for (const [member, value] of Object.entries({ temperature: 9, n: 0, tools: [{}], stop: 7 })) {
    const error = await failureOf(ask({ [member]: value }));
    assert.ok(error instanceof OpenAI.BadRequestError, member);
    assert.ok(error.param.startsWith(member), `${member}: ${error.param}`);
  }
});
