// Cloudflare's own SDK against the REST API of the AI Gateway fake: runs, gateways, logs, routes.
import assert from "node:assert/strict";
import { test } from "node:test";
import Cloudflare from "cloudflare";
import { failureOf } from "./support/outcomes.mjs";
import { recorder } from "./support/recorder.mjs";
import { FREE_MODEL, gatewayToken, ready, withFault, withJournal } from "./support/world.mjs";

const { calls, fetch } = recorder();
const cloudflare = new Cloudflare({ baseURL: ready.api_base, apiToken: ready.api_token, fetch });
const account = { account_id: ready.account_id };
const prompt = "What is 19 + 23?";
const gatewayFields = {
  cache_invalidate_on_update: false,
  cache_ttl: 0,
  collect_logs: true,
  rate_limiting_interval: 0,
  rate_limiting_limit: 0,
};

// Section 7, row 16.
test("ai.run encodes the model's slashes and returns the result alone", async () => {
  const [result, [arrived]] = await withJournal(() =>
    cloudflare.ai.run(FREE_MODEL, { ...account, prompt }),
  );
  const encoded = FREE_MODEL.replaceAll("/", "%2F");
  assert.equal(arrived.path, `/client/v4/accounts/${ready.account_id}/ai/run/${encoded}`);
  assert.equal(arrived.subject, FREE_MODEL);
  assert.match(result.response, /42/);
  assert.equal(result.usage.total_tokens, result.usage.prompt_tokens + result.usage.completion_tokens);
});

test("a 429 is retried twice, then is a RateLimitError with a list of errors", async () => {
  const before = calls.length;
  const error = await withFault({ status: 429, code: 3040, times: 3 }, () =>
    failureOf(cloudflare.ai.run(FREE_MODEL, { ...account, prompt })),
  );
  assert.ok(error instanceof Cloudflare.RateLimitError);
  assert.equal(error.errors[0].code, 3040);
  assert.equal(calls.length - before, 3);
});

test("aiGateway.create makes a gateway that get and list know", async () => {
  const made = await cloudflare.aiGateway.create({ ...account, id: "made", ...gatewayFields });
  assert.equal(made.id, "made");
  assert.equal(made.cache_ttl, 0);
  assert.ok(made.created_at);
  assert.equal((await cloudflare.aiGateway.get("made", account)).id, "made");
  const listed = await cloudflare.aiGateway.list({ ...account, search: "made" });
  assert.deepEqual(
    listed.result.map((gateway) => gateway.id),
    ["made"],
  );
});

test("a gateway without its required fields is a BadRequestError with a list of errors", async () => {
  const error = await failureOf(cloudflare.aiGateway.create({ ...account, id: "half" }));
  assert.ok(error instanceof Cloudflare.BadRequestError);
  assert.equal(error.errors[0].code, 7001);
});

// As the log of the gateway has it: the two calls differ in metadata.
async function logTwoCalls() {
  for (const plan of ["free", "pro"]) {
    const metadata = JSON.stringify({ plan });
    await cloudflare.ai.run(
      FREE_MODEL,
      { ...account, prompt },
      { headers: { "cf-aig-gateway-id": ready.ai_gateway_id, "cf-aig-metadata": metadata } },
    );
  }
}

test("logs.list sends its filters dotted and gets the rows that match all of them", async () => {
  await logTwoCalls();
  const found = await cloudflare.aiGateway.logs.list(ready.ai_gateway_id, {
    ...account,
    filters: [
      { key: "metadata.value", operator: "eq", value: ["pro"] },
      { key: "model", operator: "contains", value: ["llama-3.1"] },
    ],
  });
  const query = new URL(calls.at(-1).url).searchParams;
  assert.deepEqual(query.getAll("filters.key"), ["metadata.value", "model"]);
  assert.deepEqual(query.getAll("filters.value"), ["pro", "llama-3.1"]);
  assert.equal(found.result.length, 1);
  const [row] = found.result;
  assert.deepEqual(row.metadata, { plan: "pro" });
  assert.equal(row.success, true);
  assert.ok(row.tokens_in > 0 && row.tokens_out > 0 && row.cost > 0);
});

test("logs.edit keeps feedback, score and metadata, which get shows", async () => {
  await logTwoCalls();
  const { result } = await cloudflare.aiGateway.logs.list(ready.ai_gateway_id, account);
  const of = { ...account, gateway_id: ready.ai_gateway_id };
  const change = { feedback: 1, score: 87, metadata: { reviewed: true } };
  await cloudflare.aiGateway.logs.edit(result[0].id, { ...of, ...change });
  const row = await cloudflare.aiGateway.logs.get(result[0].id, of);
  assert.equal(row.feedback, 1);
  assert.equal(row.score, 87);
  assert.deepEqual(row.metadata, { reviewed: true });
});

test("urls.get says where a provider is, and a call goes through there", async () => {
  const of = { ...account, gateway_id: ready.ai_gateway_id };
  const url = await cloudflare.aiGateway.urls.get("workers-ai", of);
  assert.equal(url.replace(/\/$/, ""), ready.ai_gateway_base + "/workers-ai");
  const response = await fetch(`${url}/${FREE_MODEL}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ready.api_token}`, ...gatewayToken },
    body: JSON.stringify({ prompt }),
  });
  assert.match((await response.json()).result.response, /42/);
});

test("dynamicRouting.create deploys a route that dynamic/{name} calls", async () => {
  const route = await cloudflare.aiGateway.dynamicRouting.create(ready.ai_gateway_id, {
    ...account,
    name: "plain",
    elements: [
      { id: "start", type: "start", outputs: { next: { elementId: "model" } } },
      {
        id: "model",
        type: "model",
        properties: { provider: "workers-ai", model: FREE_MODEL, timeout: 60_000, retries: 1 },
        outputs: { success: { elementId: "end" }, fallback: { elementId: "end" } },
      },
      { id: "end", type: "end", outputs: {} },
    ],
  });
  assert.equal(route.name, "plain");
  assert.equal(route.version.active, "true");
  assert.equal(route.deployment.version_id, route.version.version_id);
  const response = await fetch(ready.ai_gateway_base + "/compat/chat/completions", {
    method: "POST",
    headers: { authorization: `Bearer ${ready.api_token}`, ...gatewayToken },
    body: JSON.stringify({ model: "dynamic/plain", messages: [{ role: "user", content: prompt }] }),
  });
  assert.equal(response.headers.get("cf-aig-model"), FREE_MODEL);
  assert.equal(response.headers.get("cf-aig-provider"), "workers-ai");
  assert.match((await response.json()).choices[0].message.content, /42/);
});
