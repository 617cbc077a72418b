// Cloudflare's own SDK against the KV fake.
import assert from "node:assert/strict";
import { test } from "node:test";
import Cloudflare from "cloudflare";
import { failureOf } from "./support/outcomes.mjs";
import { ready } from "./support/world.mjs";

const options = { baseURL: ready.api_base, maxRetries: 0 };
const cloudflare = new Cloudflare({ ...options, apiToken: ready.api_token });
const account = { account_id: ready.account_id };
const kv = cloudflare.kv.namespaces;

async function all(pages) {
  const items = [];
  for await (const item of pages) items.push(item);
  return items;
}

// Section 5.1, row 27.
test("namespaces are made, iterated to the end, renamed and deleted", async () => {
  const made = await kv.create({ ...account, title: "sessions" });
  assert.match(made.id, /^[0-9a-f]{32}$/);
  const titles = (await all(kv.list({ ...account, per_page: 1, order: "title" }))).map((n) => n.title);
  assert.deepEqual(titles, ["moltgate", "sessions"]);
  const taken = await failureOf(kv.create({ ...account, title: "sessions" }));
  assert.ok(taken instanceof Cloudflare.BadRequestError);
  assert.equal(taken.errors[0].code, 10014);
  assert.equal((await kv.update(made.id, { ...account, title: "s2" })).title, "s2");
  assert.equal((await kv.get(made.id, account)).title, "s2");
  await kv.delete(made.id, account);
  const gone = await failureOf(kv.get(made.id, account));
  assert.ok(gone instanceof Cloudflare.NotFoundError);
  assert.equal(gone.errors[0].code, 10013);
});

test("a value goes with its metadata as a form, and its key may hold slashes", async () => {
  const { id } = await kv.create({ ...account, title: "values" });
  const key = "a/b c:é%";
  await kv.values.update(key, {
    ...account,
    namespace_id: id,
    value: "line one\r\nline two",
    metadata: JSON.stringify({ owner: "ann" }), // an object would go as metadata[owner]
    expiration_ttl: 3600,
  });
  const response = await kv.values.get(key, { ...account, namespace_id: id });
  assert.equal(await response.text(), "line one\r\nline two");
  assert.ok(Number(response.headers.get("expiration")) > Date.now() / 1000);
  assert.deepEqual(await kv.metadata.get(key, { ...account, namespace_id: id }), { owner: "ann" });
  const [listed] = await all(kv.keys.list(id, { ...account, prefix: "a/" }));
  assert.equal(listed.name, key);
  assert.deepEqual(listed.metadata, { owner: "ann" });
  await kv.values.delete(key, { ...account, namespace_id: id });
  await kv.values.delete(key, { ...account, namespace_id: id });
  assert.ok((await failureOf(kv.values.get(key, { ...account, namespace_id: id }))) instanceof Cloudflare.NotFoundError);
});

test("many keys are written, paged through, read and deleted at once", async () => {
  const { id } = await kv.create({ ...account, title: "bulk" });
  const body = Array.from({ length: 25 }, (_, i) => ({ key: `k${i + 10}`, value: `v${i}` }));
  const written = await kv.bulkUpdate(id, { ...account, body });
  assert.equal(written.successful_key_count, 25);
  assert.equal((await all(kv.keys.list(id, { ...account, limit: 10 }))).length, 25);
  const read = await kv.bulkGet(id, { ...account, keys: ["k10", "none"] });
  assert.deepEqual(read.values, { k10: "v0", none: null });
  const deleted = await kv.bulkDelete(id, { ...account, body: body.map((pair) => pair.key) });
  assert.equal(deleted.successful_key_count, 25);
  assert.equal((await all(kv.keys.list(id, account))).length, 0);
});

test("a key with its email is as good as a token, and wrong ones are named", async () => {
  const byKey = new Cloudflare({
    ...options,
    apiToken: null,
    apiKey: ready.api_token,
    apiEmail: "dev@example.test",
  });
  assert.equal((await byKey.kv.namespaces.get(ready.kv_namespace_id, account)).title, "moltgate");
  const wrong = new Cloudflare({ ...options, apiToken: "wrong" });
  const refused = await failureOf(wrong.kv.namespaces.get(ready.kv_namespace_id, account));
  assert.ok(refused instanceof Cloudflare.PermissionDeniedError);
  assert.equal(refused.errors[0].code, 10000);
});

test("identity routes say whose the token is", async () => {
  assert.equal((await cloudflare.user.tokens.verify()).status, "active");
  assert.deepEqual(
    (await all(cloudflare.accounts.list())).map((one) => one.id),
    [ready.account_id],
  );
});
