// wrangler against the KV fake and the API around it: rows 1 to 11 of section 5.1.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ready } from "./support/world.mjs";
import { folder, refusal, wrangler } from "./support/wrangler.mjs";

const write = (name, content) => writeFile(join(folder, name), JSON.stringify(content));

async function make(title) {
  const out = await wrangler("kv", "namespace", "create", title);
  const [, id] = /"id": "([0-9a-f]{32})"/.exec(out) ?? assert.fail(out);
  const key = (action, ...args) => ["kv", "key", action, ...args, "--namespace-id", id, "--remote"];
  const bulk = (action, ...args) => ["kv", "bulk", action, ...args, "--namespace-id", id, "--remote"];
  return { id, key, bulk };
}

test("wrangler knows whose token it has", async () => {
  const out = await wrangler("whoami");
  assert.match(out, /associated with the email dev@example\.test/);
  assert.ok(out.includes(ready.account_id), out);
});

test("wrangler makes, renames, lists and deletes namespaces", async () => {
  const { id } = await make("alpha");
  const taken = await refusal("kv", "namespace", "create", "alpha");
  assert.match(taken, /A KV namespace with the title "alpha" already exists\./);
  await wrangler("kv", "namespace", "rename", "--namespace-id", id, "--new-name", "beta");
  const listed = JSON.parse(await wrangler("kv", "namespace", "list"));
  assert.deepEqual(
    listed.find((one) => one.id === id),
    { id, supports_url_encoding: true, title: "beta" },
  );
  await wrangler("kv", "namespace", "delete", "--namespace-id", id);
  const gone = await refusal("kv", "namespace", "delete", "--namespace-id", id);
  assert.match(gone, /namespace not found \[code: 10013\]/);
});

test("wrangler puts, gets, lists and deletes keys", async () => {
  const { key } = await make("keys");
  await wrangler(...key("put", "a/b c:é%", "v1"));
  await wrangler(...key("put", "k", "v", "--metadata", '{"x":1}', "--ttl", "3600"));
  assert.equal(await wrangler(...key("get", "a/b c:é%", "--text")), "v1\n");
  const [first, second] = JSON.parse(await wrangler(...key("list")));
  assert.deepEqual(first, { name: "a/b c:é%" });
  assert.deepEqual(second.metadata, { x: 1 });
  assert.ok(second.expiration > Date.now() / 1000);
  assert.deepEqual(JSON.parse(await wrangler(...key("list", "--prefix", "a/"))), [first]);
  await wrangler(...key("delete", "k"));
  await wrangler(...key("delete", "k"));
  assert.match(await refusal(...key("get", "k")), /Failed to fetch \S+\/values\/k - 404: Not Found/);
});

test("wrangler writes, reads and deletes thousands of keys", async () => {
  const { key, bulk } = await make("bulk");
  const names = Array.from({ length: 2500 }, (_, i) => `k${i}`);
  await write("put.json", [
    ...names.map((name) => ({ key: name, value: `v-${name}` })),
    { key: "bytes", value: Buffer.from("\x00ÿ", "utf8").toString("base64"), base64: true },
  ]);
  await write("get.json", ["k7", { name: "bytes" }, "none"]);
  await write("delete.json", names);
  await wrangler(...bulk("put", "put.json"));
  const read = JSON.parse(await wrangler(...bulk("get", "get.json")));
  assert.deepEqual(read, { bytes: "\x00ÿ", k7: "v-k7", none: null });
  assert.equal(JSON.parse(await wrangler(...key("list"))).length, names.length + 1);
  await wrangler(...bulk("delete", "delete.json", "--force"));
  assert.deepEqual(JSON.parse(await wrangler(...key("list"))), [{ name: "bytes" }]);
});
