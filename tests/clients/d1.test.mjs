// Cloudflare's own SDK against the D1 fake.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import Cloudflare from "cloudflare";
import { failureOf } from "./support/outcomes.mjs";
import { ready } from "./support/world.mjs";

const cloudflare = new Cloudflare({
  baseURL: ready.api_base,
  apiToken: ready.api_token,
  maxRetries: 0,
});
const account = { account_id: ready.account_id };
const d1 = cloudflare.d1.database;

async function make(name) {
  const { uuid } = await d1.create({ ...account, name });
  const rows = async (sql, params) =>
    (await d1.query(uuid, { ...account, sql, params })).result[0].results;
  return { uuid, rows };
}

test("databases are made, found, listed to the end and deleted", async () => {
  const made = await d1.create({ ...account, name: "app-db", primary_location_hint: "weur" });
  assert.equal(made.version, "production");
  assert.equal(made.created_in_region, "WEUR");
  const taken = await failureOf(d1.create({ ...account, name: "app-db" }));
  assert.ok(taken instanceof Cloudflare.BadRequestError);
  assert.equal(taken.errors[0].code, 7502);
  const names = [];
  for await (const one of d1.list({ ...account, per_page: 1 })) names.push(one.name);
  assert.ok(names.includes("app-db") && names.includes("moltgate"));
  assert.equal((await d1.get(made.uuid, account)).running_in_region, "WEUR");
  const mode = { read_replication: { mode: "auto" } };
  assert.deepEqual((await d1.edit(made.uuid, { ...account, ...mode })).read_replication, {
    mode: "auto",
  });
  await d1.delete(made.uuid, account);
  assert.ok((await failureOf(d1.get(made.uuid, account))) instanceof Cloudflare.NotFoundError);
});

// Section 5.1, row 28.
test("query gives objects and raw gives rows", async () => {
  const { uuid } = await make("rows");
  const params = ["x", "y"];
  const { result } = await d1.query(uuid, { ...account, sql: "SELECT ?1 AS a, ?2 AS b", params });
  assert.deepEqual(result[0].results, [{ a: "x", b: "y" }]);
  assert.equal(result[0].meta.changes, 0);
  const raw = await d1.raw(uuid, { ...account, sql: "SELECT 1 AS a, 2 AS a" });
  assert.deepEqual(raw.result[0].results, { columns: ["a", "a"], rows: [[1, 2]] });
  const error = await failureOf(d1.query(uuid, { ...account, sql: "selec" }));
  assert.equal(error.errors[0].message, 'near "selec": syntax error at offset 0: SQLITE_ERROR');
});

test("a file is imported by init, upload, ingest and poll", async () => {
  const { uuid, rows } = await make("imported");
  const file = "CREATE TABLE t(a);\nINSERT INTO t VALUES(1),(2);\n";
  const etag = createHash("md5").update(file).digest("hex");
  const { filename, upload_url } = await d1.import(uuid, { ...account, action: "init", etag });
  const uploaded = await fetch(upload_url, { method: "PUT", body: file });
  assert.equal(uploaded.status, 200);
  assert.equal(uploaded.headers.get("etag"), `"${etag}"`);
  const started = await d1.import(uuid, { ...account, action: "ingest", etag, filename });
  assert.equal(started.status, "active");
  const poll = { ...account, action: "poll", current_bookmark: started.at_bookmark };
  const ended = await d1.import(uuid, poll);
  assert.equal(ended.status, "complete");
  assert.equal(ended.result.num_queries, 2);
  assert.deepEqual(await rows("SELECT a FROM t"), [{ a: 1 }, { a: 2 }]);
});

test("an export is polled for and read back by another database", async () => {
  const { uuid, rows } = await make("exported");
  await rows("CREATE TABLE t(a TEXT, b BLOB)");
  await rows("INSERT INTO t VALUES('it''s', x'00ff')");
  const body = { ...account, output_format: "polling" };
  const started = await d1.export(uuid, body);
  const ended = await d1.export(uuid, { ...body, current_bookmark: started.at_bookmark });
  assert.equal(ended.result.filename, "exported.sql");
  const sql = await (await fetch(ended.result.signed_url)).text();
  assert.ok(sql.startsWith("PRAGMA defer_foreign_keys=TRUE;"));
  const other = await make("copy");
  await other.rows(sql);
  assert.deepEqual(await other.rows("SELECT a, hex(b) AS b FROM t"), [{ a: "it's", b: "00FF" }]);
});

test("Time Travel goes back to a bookmark, and forward again", async () => {
  const { uuid, rows } = await make("travelled");
  const timeTravel = d1.timeTravel;
  await rows("CREATE TABLE t(a)");
  const { bookmark } = await timeTravel.getBookmark(uuid, account);
  await rows("INSERT INTO t VALUES(1)");
  const restored = await timeTravel.restore(uuid, { ...account, bookmark });
  assert.deepEqual(await rows("SELECT count(*) AS n FROM t"), [{ n: 0 }]);
  await timeTravel.restore(uuid, { ...account, bookmark: restored.previous_bookmark });
  assert.deepEqual(await rows("SELECT count(*) AS n FROM t"), [{ n: 1 }]);
});
