// wrangler against the D1 fake: rows 12 to 19 of section 5.1.
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folder, refusal, run, wrangler } from "./support/wrangler.mjs";

const d1 = (...args) => ["d1", ...args];

async function make(name) {
  const out = await wrangler(...d1("create", name));
  const [, id] = /"database_id": "([0-9a-f-]{36})"/.exec(out) ?? assert.fail(out);
  return id;
}

async function rows(database, sql) {
  const out = await wrangler(...d1("execute", database, "--remote", "--json", "--command", sql));
  return JSON.parse(out).map((statement) => statement.results);
}

test("wrangler makes, lists, describes and deletes databases", async () => {
  const id = await make("app-db");
  assert.match(await refusal(...d1("create", "app-db")), /A database with that name already exists/);
  const listed = JSON.parse(await wrangler(...d1("list", "--json")));
  assert.equal(listed.find((one) => one.name === "app-db").uuid, id);
  const described = JSON.parse(await wrangler(...d1("info", "app-db", "--json")));
  assert.equal(described.uuid, id);
  assert.equal(described.num_tables, 0);
  await wrangler(...d1("delete", "app-db", "--skip-confirmation"));
  const gone = await refusal(...d1("delete", "app-db", "--skip-confirmation"));
  assert.match(gone, /Couldn't find a D1 DB with name or binding 'app-db'/);
});

test("wrangler executes commands and files, exports, and goes back in time", async () => {
  await make("orders");
  await writeFile(
    join(folder, "schema.sql"),
    "-- Orders.\nCREATE TABLE orders(id INTEGER PRIMARY KEY, what TEXT);\n" +
      "INSERT INTO orders(what) VALUES('tea;'),('it''s');\n" +
      "CREATE TRIGGER loud AFTER INSERT ON orders BEGIN\n" +
      "  UPDATE orders SET what = upper(what) WHERE id = new.id;\nEND;\n",
  );
  const file = d1("execute", "orders", "--remote", "--yes", "--file", "schema.sql");
  assert.match(await wrangler(...file), /Uploading complete[^]*"Total queries executed": 3/);
  const again = await run(...file);
  assert.equal(again.code, 1);
  assert.match(again.out, /File already uploaded/);
  assert.match(again.err, /table orders already exists at offset \d+: SQLITE_ERROR/);

  const travel = d1("time-travel", "info", "orders", "--json");
  const { bookmark } = JSON.parse(await wrangler(...travel));
  assert.deepEqual(await rows("orders", "INSERT INTO orders(what) VALUES('milk'); SELECT what FROM orders"), [
    [],
    [{ what: "tea;" }, { what: "it's" }, { what: "MILK" }],
  ]);
  const bad = await refusal(...d1("execute", "orders", "--remote", "--command", "selec"));
  assert.match(bad, /near "selec": syntax error at offset 0: SQLITE_ERROR \[code: 7500\]/);

  await wrangler(...d1("export", "orders", "--remote", "--output", "orders.sql"));
  const exported = await readFile(join(folder, "orders.sql"), "utf8");
  assert.match(exported, /^PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE orders/);
  assert.match(exported, /'it''s'[^]*CREATE TRIGGER loud/);
  const tables = d1("export", "orders", "--remote", "--no-data", "--table", "orders");
  await wrangler(...tables, "--output", "schema-only.sql");
  assert.doesNotMatch(await readFile(join(folder, "schema-only.sql"), "utf8"), /INSERT INTO/);

  const back = d1("time-travel", "restore", "orders", `--bookmark=${bookmark}`, "--json");
  assert.match(JSON.parse(await wrangler(...back)).previous_bookmark, /^[0-9a-f]{8}-/);
  assert.deepEqual(await rows("orders", "SELECT count(*) AS n FROM orders"), [[{ n: 2 }]]);
});

test("wrangler lists and applies migrations, and a broken one leaves those before it", async () => {
  await make("migrated");
  const config = { name: "app", d1_databases: [{ binding: "DB", database_name: "migrated" }] };
  await writeFile(join(folder, "wrangler.json"), JSON.stringify(config));
  await mkdir(join(folder, "migrations"));
  const file = (name, sql) => writeFile(join(folder, "migrations", name), sql);
  await file("0001_o'brien.sql", "CREATE TABLE a(b);\nINSERT INTO a VALUES('x;y');\n");
  await file("0002_broken.sql", "CREATE TABLE c(d);\nINSERT INTO nowhere VALUES(1);\n");
  const migrations = (action) => d1("migrations", action, "migrated", "--remote");
  const listed = await wrangler(...migrations("list"));
  assert.match(listed, /0001_o'brien\.sql[^]*0002_broken\.sql/);
  const failed = await run(...migrations("apply"));
  assert.equal(failed.code, 1);
  assert.match(failed.out + failed.err, /no such table: nowhere: SQLITE_ERROR/);
  const applied = "SELECT name FROM d1_migrations; SELECT name FROM sqlite_master WHERE name = 'c'";
  assert.deepEqual(await rows("migrated", applied), [[{ name: "0001_o'brien.sql" }], []]);
  await file("0002_broken.sql", "CREATE TABLE c(d);\n");
  await wrangler(...migrations("apply"));
  assert.match(await wrangler(...migrations("apply")), /No migrations to apply!/);
});
