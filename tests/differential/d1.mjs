// D1: the binding of a Worker on their side, the REST API on ours.
import { outcome } from "./outcome.mjs";

export const SCHEMA = [
  "CREATE TABLE items(id INTEGER PRIMARY KEY, name TEXT UNIQUE, price REAL CHECK(price >= 0), note BLOB)",
  "CREATE TABLE tags(item INTEGER REFERENCES items(id) ON DELETE CASCADE, tag TEXT NOT NULL)",
  "CREATE INDEX tags_by_tag ON tags(tag)",
  "CREATE TABLE log(what TEXT, PRIMARY KEY(what)) WITHOUT ROWID",
  "CREATE TRIGGER counted AFTER DELETE ON items BEGIN INSERT OR IGNORE INTO log VALUES('deleted ' || old.id); END",
];

// Statements that need nothing of chance but that they come in between.
const FIXED = [
  "SELECT 1 AS a, 1.5 AS b, 'x' AS c, NULL AS d, x'00ff' AS e",
  "SELECT 9223372036854775807 AS big, -0.0 AS zero, 1e999 AS endless",
  "SELECT 1 AS a, 2 AS a",
  "SELECT id, name, typeof(price) AS t FROM items ORDER BY id LIMIT 5",
  "SELECT count(*) AS n, sum(price) AS s, group_concat(name) AS names FROM items",
  "SELECT i.name, t.tag FROM items i JOIN tags t ON t.item = i.id ORDER BY i.name, t.tag LIMIT 10",
  "SELECT name, row_number() OVER (ORDER BY name) AS place FROM items LIMIT 3",
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) AS s FROM n",
  "SELECT json_extract('{\"a\":[1,2]}', '$.a[1]') AS two, json_array(1, 'x') AS list",
  "SELECT upper('ab') AS u, length('ü') AS l, hex(x'0a') AS h, round(2.5) AS r, abs(-3) AS a, sqrt(16) AS q",
  "SELECT strftime('%Y', '2026-05-06') AS y, date('2026-01-31', '+1 month') AS d",
  "SELECT * FROM nowhere",
  "SELECT nothing FROM items",
  "SELECT nope(1)",
  "selec",
  "SELECT",
  "SELECT sqlite_version()",
  "-- nothing",
  "",
  "BEGIN",
  "SAVEPOINT s",
  "VACUUM",
  "ATTACH 'x' AS y",
  "CREATE TEMP TABLE t(a)",
  "CREATE TABLE _cf_mine(a)",
  "PRAGMA table_info(items)",
  "PRAGMA foreign_key_list(tags)",
  "PRAGMA foreign_keys",
  "PRAGMA journal_mode",
  "PRAGMA user_version",
  "PRAGMA foreign_key_check",
  "PRAGMA quick_check",
  "PRAGMA optimize",
  "SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6",
  `SELECT 'x' LIKE '${"a".repeat(51)}' AS l`,
  "UPDATE items SET price = price + 1 ORDER BY id LIMIT 1",
  "DELETE FROM tags ORDER BY rowid LIMIT 1",
  "CREATE TABLE IF NOT EXISTS extra(a, b)",
  "CREATE INDEX IF NOT EXISTS extra_a ON extra(a)",
  "DROP TABLE IF EXISTS extra",
  "ALTER TABLE items ADD COLUMN added TEXT",
  "ALTER TABLE items DROP COLUMN added",
  "EXPLAIN QUERY PLAN SELECT * FROM items WHERE name = 'a'",
  "CREATE VIRTUAL TABLE words USING fts5(body)",
  "INSERT INTO words VALUES('the quick brown fox')",
  "SELECT highlight(words, 0, '[', ']') AS found FROM words WHERE words MATCH 'quick'",
  "DROP TABLE IF EXISTS words",
  "CREATE TABLE strict_one(i INTEGER) STRICT",
  "INSERT INTO strict_one VALUES('text')",
  "DROP TABLE IF EXISTS strict_one",
  "INSERT INTO tags VALUES(1, NULL)",
  "INSERT INTO tags VALUES(99999, 'orphan')",
  "INSERT INTO items(name, price) VALUES('cheap', -1)",
];

const REPLACE = "INSERT OR REPLACE INTO items(name, price, note) VALUES(?1, ?2, ?3)";

export function nextD1(random) {
  const name = `n${random.below(20)}`;
  const price = random.of([1, 2.5, 0, 1e10, null]);
  const write = random.of([
    { sql: "INSERT INTO items(name, price) VALUES(?, ?)", params: [name, price] },
    { sql: `${REPLACE} RETURNING id`, params: [name, price, [1, 255]] },
    { sql: "INSERT INTO items(name) VALUES(?) ON CONFLICT(name) DO UPDATE SET price = 7", params: [name] },
    { sql: "UPDATE items SET price = ? WHERE name = ?", params: [price, name] },
    { sql: "DELETE FROM items WHERE name = ?", params: [name] },
    { sql: "INSERT INTO tags SELECT id, ? FROM items WHERE name = ?", params: [`t${random.below(4)}`, name] },
    { sql: "INSERT INTO log VALUES(?)", params: [name] },
    { sql: "SELECT * FROM items WHERE name = ?", params: [name] },
    { sql: "SELECT ?1 AS a, typeof(?1) AS t", params: [random.of([1, 1.5, "1", null, true, [1, 2]])] },
    { sql: "SELECT ?", params: [] },
    { sql: "SELECT ?", params: [1, 2] },
  ]);
  const kind = random.of(["all", "all", "all", "raw", "batch"]);
  if (kind !== "batch") return [kind, random.next() < 0.5 ? write : { sql: random.of(FIXED), params: [] }];
  const count = { sql: "SELECT count(*) AS n FROM items", params: [] };
  const broken = { sql: "INSERT INTO nowhere VALUES(1)", params: [] };
  return ["batch", { statements: random.next() < 0.2 ? [write, count, broken] : [write, count] }];
}

const META = ["changes", "last_row_id", "changed_db", "size_after", "rows_read", "rows_written"];
const metaOf = (meta) => Object.fromEntries(META.map((name) => [name, meta[name]]));

export function theirD1(database) {
  const statement = ({ sql, params }) => database.prepare(sql).bind(...params);
  const shaped = ({ results, meta }) => ({ results, meta: metaOf(meta) });
  const actions = {
    all: async (one) => shaped(await statement(one).all()),
    raw: async (one) => {
      const [columns, ...rows] = await statement(one).raw({ columnNames: true });
      return { columns: columns ?? [], rows };
    },
    batch: async ({ statements }) => (await database.batch(statements.map(statement))).map(shaped),
  };
  const explain = (error) => error.message.replace(/^D1_ERROR: /, "");
  return (kind, options) => outcome(() => actions[kind](options), explain);
}

export function ourD1(ready, id = ready.d1_database_id) {
  const root = `${ready.api_base}/accounts/${ready.account_id}/d1/database/${id}`;
  async function call(path, body) {
    const headers = { authorization: `Bearer ${ready.api_token}` };
    const response = await fetch(root + path, { method: "POST", headers, body: JSON.stringify(body) });
    const json = await response.json();
    if (json.success) return json.result;
    throw new Error(json.errors[0].message);
  }
  const shaped = ({ results, meta }) => ({ results, meta: metaOf(meta) });
  const actions = {
    all: async (one) => shaped((await call("/query", one))[0]),
    raw: async (one) => (await call("/raw", one))[0].results,
    batch: async ({ statements }) => (await call("/query", { batch: statements })).map(shaped),
  };
  return (kind, options) => outcome(() => actions[kind](options), (error) => error.message);
}
