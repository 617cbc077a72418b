// The official OpenAI client against a running gateway, as an application would use it.
// `moltgate exec` sets the environment; run.sh starts this.
import assert from "node:assert/strict";
import { test } from "node:test";
import OpenAI from "openai";
import { setting } from "./support/setting.mjs";

const FREE_MODEL = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";

const { port } = new URL(setting("MOLTGATE_GATEWAY_URL"));
const tenantUrl = `http://${setting("MOLTGATE_DEMO_TENANT_HOST")}:${port}/v1`;
const tenantKey = setting("MOLTGATE_DEMO_TENANT_KEY");
const question = [{ role: "user", content: "What is 19 + 23?" }];

function client(options = {}) {
  return new OpenAI({ baseURL: tenantUrl, apiKey: tenantKey, maxRetries: 0, ...options });
}

function assertAnswered(completion) {
  assert.equal(completion.object, "chat.completion");
  assert.equal(completion.choices[0].message.role, "assistant");
  assert.match(completion.choices[0].message.content, /42/);
  assert.ok(completion.usage.prompt_tokens > 0);
  assert.ok(completion.usage.completion_tokens > 0);
}

test("a tenant's key gets a chat answer on /v1", async () => {
  const completion = await client().chat.completions.create({ model: "auto", messages: question });
  assertAnswered(completion);
});

test("the answer says which step and model served it, and what is left of the limit", async () => {
  const { response } = await client()
    .chat.completions.create({ model: "auto", messages: question })
    .withResponse();
  assert.equal(response.headers.get("cf-aig-step"), "0");
  assert.equal(response.headers.get("x-moltgate-model"), FREE_MODEL);
  assert.equal(response.headers.get("x-moltgate-attempts"), "1");
  const limit = Number(response.headers.get("x-ratelimit-limit"));
  const remaining = Number(response.headers.get("x-ratelimit-remaining"));
  assert.ok(limit > 0 && remaining >= 0 && remaining < limit);
});

test("the models a tenant may name are listed", async () => {
  const models = await client().models.list();
  assert.deepEqual(
    models.data.map((model) => model.id),
    [FREE_MODEL],
  );
});

test("a wrong key is an AuthenticationError", async () => {
  const wrong = client({ apiKey: "mk_" + "A".repeat(43) });
  await assert.rejects(
    wrong.chat.completions.create({ model: "auto", messages: question }),
    (error) => error instanceof OpenAI.AuthenticationError && error.status === 401,
  );
});

test("a model outside the tenant's route is a NotFoundError", async () => {
  await assert.rejects(
    client().chat.completions.create({ model: "gpt-nobody", messages: question }),
    (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found",
  );
});

test("the AI Gateway fake answers a client that has only the environment of exec", async () => {
  assert.equal(setting("OPENAI_BASE_URL"), setting("MOLTGATE_AI_GATEWAY_BASE") + "/compat");
  assert.equal(setting("OPENAI_API_KEY"), setting("MOLTGATE_AI_GATEWAY_TOKEN"));
  const completion = await new OpenAI().chat.completions.create({
    model: "workers-ai/" + FREE_MODEL,
    messages: question,
  });
  assertAnswered(completion);
});

test("the AI Gateway fake refuses a token that is not its own", async () => {
  const stranger = client({
    baseURL: setting("MOLTGATE_AI_GATEWAY_BASE") + "/compat",
    apiKey: "nobody",
  });
  await assert.rejects(
    stranger.chat.completions.create({ model: "workers-ai/" + FREE_MODEL, messages: question }),
    (error) => error instanceof OpenAI.AuthenticationError,
  );
});
