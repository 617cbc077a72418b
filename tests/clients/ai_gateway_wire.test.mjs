// The AI Gateway fake with no library in between: what no client of Cloudflare's or OpenAI's shows.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FREE_MODEL,
  PREMIUM_MODEL,
  gatewayToken,
  question,
  ready,
  withFault,
  withJournal,
} from "./support/world.mjs";

const providerToken = { authorization: `Bearer ${ready.api_token}` };
const gatewaysUrl = `${ready.api_base}/accounts/${ready.account_id}/ai-gateway/gateways`;

// To the gateway's own path, or to "../{another}/...".
function post(path, body, headers = {}, options = {}) {
  return fetch(new URL(path, ready.ai_gateway_base + "/"), {
    method: "POST",
    headers: { ...gatewayToken, ...headers },
    body: JSON.stringify(body),
    ...options,
  });
}

function step(model, config = {}) {
  const query = { model: "workers-ai/" + model, messages: question };
  return { provider: "compat", endpoint: "chat/completions", headers: providerToken, config, query };
}

const hangingPrimary = { where: { step: 0 }, hang: true };

test("a primary that hangs past its time limit gives way to the second step", async () => {
  const began = performance.now();
  const response = await withFault(hangingPrimary, () =>
    post(".", [step(PREMIUM_MODEL, { requestTimeout: 300 }), step(FREE_MODEL)]),
  );
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("cf-aig-step"), "1");
  const answer = await response.json();
  assert.equal(answer.model, "workers-ai/" + FREE_MODEL);
  assert.match(answer.choices[0].message.content, /42/);
  const waited = performance.now() - began;
  assert.ok(waited >= 300, `waited ${waited} ms`);
});

test("a primary that hangs on its last attempt starves the second step", async () => {
  const steps = [step(PREMIUM_MODEL, { requestTimeout: 300, maxAttempts: 2 }), step(FREE_MODEL)];
  const [, rows] = await withFault({ ...hangingPrimary, times: 2 }, () =>
    withJournal(async () => {
      const signal = AbortSignal.timeout(1500);
      await assert.rejects(post(".", steps, {}, { signal }), { name: "TimeoutError" });
    }, 1),
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0].outcome, "cancelled");
  assert.equal(rows[0].attempt, 2);
  assert.equal(rows[0].step, 0);
});

async function cacheStatuses(headers, content, path = "compat/chat/completions") {
  const body = { model: "workers-ai/" + FREE_MODEL, messages: [{ role: "user", content }] };
  const statuses = [];
  for (let n = 0; n < 3; ++n) {
    const response = await post(path, body, { ...providerToken, ...headers });
    assert.equal(response.status, 200);
    await response.arrayBuffer();
    statuses.push(response.headers.get("cf-aig-cache-status"));
  }
  return statuses;
}

test("a cache key of the caller's own misses twice before it hits", async () => {
  const headers = { "cf-aig-cache-key": "weather", "cf-aig-cache-ttl": "60" };
  assert.deepEqual(await cacheStatuses(headers, "Rain?"), ["MISS", "MISS", "HIT"]);
});

test("a derived cache key misses once before it hits", async () => {
  const statuses = await cacheStatuses({ "cf-aig-cache-ttl": "60" }, "Snow?");
  assert.deepEqual(statuses, ["MISS", "HIT", "HIT"]);
});

test("a gateway that caches misses once before it hits, without a header", async () => {
  const fields = {
    id: "caching",
    cache_invalidate_on_update: false,
    cache_ttl: 60,
    collect_logs: true,
    rate_limiting_interval: 0,
    rate_limiting_limit: 0,
  };
  const made = await fetch(gatewaysUrl, {
    method: "POST",
    headers: providerToken,
    body: JSON.stringify(fields),
  });
  assert.equal(made.status, 200);
  const statuses = await cacheStatuses({}, "Fog?", "../caching/compat/chat/completions");
  assert.deepEqual(statuses, ["MISS", "HIT", "HIT"]);
});

test("a caller that skips the cache never hits", async () => {
  const headers = { "cf-aig-cache-ttl": "60", "cf-aig-skip-cache": "true" };
  assert.equal((await cacheStatuses(headers, "Hail?")).includes("HIT"), false);
});

async function loggedMetadata(metadata) {
  const response = await post(
    `workers-ai/${FREE_MODEL}`,
    { messages: question },
    { ...providerToken, "cf-aig-metadata": JSON.stringify(metadata) },
  );
  assert.equal(response.status, 200);
  await response.arrayBuffer();
  const logId = response.headers.get("cf-aig-log-id");
  const row = await fetch(`${gatewaysUrl}/${ready.ai_gateway_id}/logs/${logId}`, {
    headers: providerToken,
  });
  assert.equal(row.status, 200);
  return (await row.json()).result.metadata;
}

test("of seven metadata entries the first five are kept", async () => {
  const kept = await loggedMetadata({ g: "1", f: 2, e: true, d: "4", c: "5", b: "6", a: "7" });
  assert.deepEqual(kept, { g: "1", f: 2, e: true, d: "4", c: "5" });
});

test("one null among the metadata wipes all of it", async () => {
  assert.equal(await loggedMetadata({ user: "u1", team: null }), null);
});

// Sends one universal.create and reads frames up to the one that ends its answer.
async function framesOver(socket, request, last) {
  const frames = [];
  await new Promise((resolve, reject) => {
    socket.onerror = (event) => reject(event.error ?? new Error("the socket failed"));
    socket.onclose = (event) => reject(new Error(`closed with ${event.code} ${event.reason}`));
    socket.onopen = () => socket.send(JSON.stringify({ type: "universal.create", request }));
    socket.onmessage = (event) => {
      frames.push(JSON.parse(event.data));
      if (frames.at(-1).type === last) resolve();
    };
  });
  return frames;
}

function nativeRequest(eventId, query) {
  return {
    eventId,
    provider: "workers-ai",
    endpoint: FREE_MODEL,
    headers: { ...providerToken, "Content-Type": "application/json" },
    query: { messages: question, ...query },
  };
}

const socketUrl = ready.ai_gateway_base.replace(/^http/, "ws");

test("over a WebSocket an answer is one universal.created frame", async (t) => {
  const socket = new WebSocket(socketUrl, { headers: gatewayToken });
  t.after(() => socket.close());
  const request = nativeRequest("e1", { stream: false });
  const [{ metadata, response }] = await framesOver(socket, request, "universal.created");
  assert.equal(metadata.eventId, "e1");
  assert.equal(metadata.step, "0");
  assert.equal(metadata.contentType, "application/json");
  assert.match(metadata.logId, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  assert.equal(response.success, true);
  assert.match(response.result.response, /42/);
});

test("over a WebSocket a stream is created, streamed and done", async (t) => {
  const protocol = `cf-aig-authorization.${ready.ai_gateway_token}`;
  const socket = new WebSocket(socketUrl, [protocol]);
  t.after(() => socket.close());
  const request = nativeRequest("e2", { stream: true });
  const frames = await framesOver(socket, request, "universal.done");
  const [created, ...rest] = frames;
  assert.equal(created.type, "universal.created");
  assert.equal(created.metadata.contentType, "text/event-stream");
  assert.equal(created.response, undefined);
  const done = rest.pop();
  assert.deepEqual(done.metadata, created.metadata);
  assert.ok(rest.length > 1);
  for (const frame of rest) {
    assert.equal(frame.type, "universal.stream");
    assert.equal(frame.metadata.eventId, "e2");
  }
  assert.match(rest.map((frame) => frame.response.response ?? "").join(""), /42/);
});
