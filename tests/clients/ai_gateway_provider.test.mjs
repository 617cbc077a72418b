// ai-gateway-provider under the AI SDK, over the universal endpoint. It takes neither host nor
// fetch, so the global fetch sends it to the fakes.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { APICallError, RetryError, generateText } from "ai";
import {
  AiGatewayDoesNotExist,
  AiGatewayUnauthorizedError,
  createAiGateway,
} from "ai-gateway-provider";
import { createUnified } from "ai-gateway-provider/providers/unified";
import { failureOf } from "./support/outcomes.mjs";
import { recorder } from "./support/recorder.mjs";
import {
  FREE_MODEL,
  PREMIUM_MODEL,
  cloudOrigin,
  question,
  ready,
  withFault,
  withJournal,
} from "./support/world.mjs";

const systemFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = systemFetch;
});

function client({ models = [FREE_MODEL], edit, ...options } = {}) {
  const { calls, fetch } = recorder({ origin: cloudOrigin, edit });
  globalThis.fetch = (input, init) =>
    String(input).includes(".cloudflare.com/") ? fetch(input, init) : systemFetch(input, init);
  const gateway = createAiGateway({
    accountId: ready.account_id,
    gateway: ready.ai_gateway_id,
    apiKey: ready.ai_gateway_token,
    ...options,
  });
  const unified = createUnified({ apiKey: ready.api_token });
  const model = gateway(models.map((name) => unified("workers-ai/" + name)));
  return { calls, generate: () => generateText({ model, messages: question }) };
}

// Section 7, row 15.
test("one model is one step, sent to the universal endpoint", async () => {
  const { calls, generate } = client();
  const [result, [arrived]] = await withJournal(() => generate());
  assert.match(result.text, /42/);
  assert.equal(arrived.path, `/v1/${ready.account_id}/${ready.ai_gateway_id}`);
  assert.equal(calls.length, 1);
  const [step, ...others] = calls[0].body;
  assert.deepEqual(others, []);
  assert.equal(step.provider, "compat");
  assert.equal(step.endpoint, "chat/completions");
  assert.equal(step.headers.authorization, `Bearer ${ready.api_token}`);
  assert.equal(step.query.model, "workers-ai/" + FREE_MODEL);
});

test("the second of two models answers when the first fails", async () => {
  const { calls, generate } = client({ models: [FREE_MODEL, PREMIUM_MODEL] });
  const busy = { where: { step: 0 }, status: 429, code: 3040 };
  const result = await withFault(busy, () => generate());
  assert.match(result.text, /42/);
  assert.equal(result.response.headers["cf-aig-step"], "1");
  assert.equal(result.response.modelId, "workers-ai/" + PREMIUM_MODEL);
  assert.equal(calls.length, 1);
  assert.equal(calls[0].body.length, 2);
});

test("a step that was not asked for is an unexpected error", async () => {
  const { generate } = client({ edit: () => ({ "cf-aig-step": "7" }) });
  assert.match((await failureOf(generate())).message, /Unexpected AI Gateway Error/);
});

test("a gateway that is not there is AiGatewayDoesNotExist", async () => {
  const { calls, generate } = client({ gateway: "nowhere" });
  assert.ok((await failureOf(generate())) instanceof AiGatewayDoesNotExist);
  assert.equal(calls.length, 1);
});

test("a wrong token is AiGatewayUnauthorizedError", async () => {
  const { calls, generate } = client({ apiKey: "nobody" });
  assert.ok((await failureOf(generate())) instanceof AiGatewayUnauthorizedError);
  assert.equal(calls.length, 1);
});

test("an upstream failure is an APICallError that is not retried", async () => {
  const { calls, generate } = client();
  const error = await withFault({ status: 400, code: 2005 }, () => failureOf(generate()));
  assert.ok(APICallError.isInstance(error));
  assert.equal(error.isRetryable, false);
  assert.equal(calls.length, 1);
});

test("a 429 is retried twice, then is a RetryError", async () => {
  const { calls, generate } = client();
  const busy = { status: 429, code: 3040, times: 3 };
  const error = await withFault(busy, () => failureOf(generate()));
  assert.ok(RetryError.isInstance(error));
  assert.equal(error.lastError.statusCode, 429);
  assert.equal(calls.length, 3);
});
