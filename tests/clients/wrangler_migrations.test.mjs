// wrangler and `moltgate migrations` each go on where the other stopped, in either order (MIG-1).
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setting } from "./support/setting.mjs";
import { ready } from "./support/world.mjs";
import { folder, wrangler } from "./support/wrangler.mjs";

const ours = fileURLToPath(new URL("../../core/migrations", import.meta.url));
const names = (await readdir(ours)).sort();
const laterName = "0999_later.sql";

// A database, and what each program needs to know of it.
async function make(name) {
  const out = await wrangler("d1", "create", name);
  const [, id] = /"database_id": "([0-9a-f-]{36})"/.exec(out) ?? assert.fail(out);
  const home = join(folder, name);
  const migrations = join(home, "migrations");
  await mkdir(migrations, { recursive: true });
  const database = { binding: "TENANT_DB", database_name: name, database_id: id };
  const config = join(home, "wrangler.json");
  await writeFile(config, JSON.stringify({ name: "app", d1_databases: [database] }));
  const profile = join(home, "moltgate.profile.jsonc");
  const binding = { kind: "cloudflare", account_id: ready.account_id, database_id: id, api_base: ready.api_base };
  await writeFile(profile, JSON.stringify({ bindings: { TENANT_DB: binding } }));
  return {
    migrations,
    wrangler: (action) => wrangler("d1", "migrations", action, name, "--remote", "--config", config),
    moltgate: (action) => moltgate("migrations", action, "--profile", profile, "--format", "json"),
    rows: async () => {
      const sql = "SELECT id, name FROM d1_migrations ORDER BY id";
      const all = await wrangler("d1", "execute", name, "--remote", "--json", "--config", config, "--command", sql);
      return JSON.parse(all)[0].results;
    },
  };
}

async function moltgate(...args) {
  const env = { PATH: process.env.PATH, CLOUDFLARE_API_TOKEN: ready.api_token };
  const { stdout } = await promisify(execFile)(setting("MOLTGATE_PROGRAM"), args, { env });
  return JSON.parse(stdout);
}

const rowsOf = (applied) => applied.map((name, i) => ({ id: i + 1, name }));

test("moltgate applies what wrangler left, and wrangler finds nothing to do", async () => {
  const db = await make("wrangler-first");
  await cp(join(ours, names[0]), join(db.migrations, names[0]));
  await db.wrangler("apply");
  const { items } = await db.moltgate("list");
  assert.deepEqual(
    items,
    names.map((name, i) => ({ name, applied: i === 0 })),
  );
  assert.deepEqual((await db.moltgate("apply")).applied, names.slice(1));
  await cp(ours, db.migrations, { recursive: true });
  assert.match(await db.wrangler("apply"), /No migrations to apply!/);
  assert.deepEqual(await db.rows(), rowsOf(names));
});

test("wrangler applies what moltgate does not have, and moltgate finds nothing to do", async () => {
  const db = await make("moltgate-first");
  assert.deepEqual((await db.moltgate("apply")).applied, names);
  await cp(ours, db.migrations, { recursive: true });
  await writeFile(join(db.migrations, laterName), "CREATE TABLE later(a);\n");
  const listed = await db.wrangler("list");
  assert.ok(listed.includes(laterName) && !listed.includes(names.at(-1)), listed);
  await db.wrangler("apply");
  assert.deepEqual((await db.moltgate("apply")).applied, []);
  await rm(join(db.migrations, laterName));
  assert.match(await db.wrangler("list"), /No migrations to apply!/);
  assert.deepEqual(await db.rows(), rowsOf([...names, laterName]));
});
