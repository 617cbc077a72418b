// One call after another to every operation of the KV, D1 and R2 fakes' REST routes, failures
// included: what answers there are.
import { createHash } from "node:crypto";
import { control, ready } from "./world.mjs";

const HEX32 = "0".repeat(32);
const UUID = "00000000-0000-4000-8000-000000000000";

// The answers: {method, path, request, status, type, json}; `path` stands below the account and has
// no query, `json` is undefined for other content.
export async function sweep() {
  const answers = [];
  async function call(method, target, body, headers = {}, token = ready.api_token) {
    const response = await fetch(`${ready.api_base}/accounts/${ready.account_id}${target}`, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${token}`, ...headers },
      body: body?.constructor === Object || Array.isArray(body) ? JSON.stringify(body) : body,
    });
    const type = response.headers.get("content-type") ?? "";
    const text = await response.text();
    const json = type.startsWith("application/json") ? JSON.parse(text) : undefined;
    const request = `${method} ${target} ${body === undefined ? "" : JSON.stringify(body)}`;
    answers.push({ method, path: target.split("?")[0], request, status: response.status, type, json });
    return json?.result;
  }
  await kv(call);
  await d1(call);
  await r2(call);
  await refusedToAll(call);
  return answers;
}

async function kv(call) {
  const root = "/storage/kv/namespaces";
  const { id } = await call("post", root, { title: "swept" });
  await call("post", root, { title: "swept" });
  await call("post", root, { title: "" });
  await call("post", root, "{");
  const other = await call("post", root, { title: "other" });
  for (const query of ["", "?page=2&per_page=1&order=title&direction=desc", "?page=99"]) {
    await call("get", root + query);
  }
  for (const namespace of [id, HEX32, "nonsense"]) {
    await call("get", `${root}/${namespace}`);
    await call("put", `${root}/${namespace}`, { title: `renamed ${namespace}` });
    await kvKeys(call, `${root}/${namespace}`);
  }
  await call("put", `${root}/${id}`, { title: "other" });
  await call("patch", `${root}/${id}`);
  await call("delete", `${root}/${other.id}`);
  await call("delete", `${root}/${other.id}`);
}

async function kvKeys(call, root) {
  const form = new FormData();
  form.set("value", "of a form");
  form.set("metadata", '{"owner":"ann"}');
  await call("put", `${root}/values/a%2Fb?expiration_ttl=3600`, form);
  await call("put", `${root}/values/plain`, "text", { "content-type": "text/plain" });
  const far = Math.floor(Date.now() / 1000) + 7200;
  await call("put", `${root}/values/later?expiration=${far}`, "text");
  for (const query of ["expiration_ttl=30", "expiration_ttl=0", "expiration_ttl=x", "expiration=1"]) {
    await call("put", `${root}/values/k?${query}`, "text");
  }
  await call("put", `${root}/values/${"k".repeat(513)}`, "text");
  await call("put", `${root}/values/%2E%2E`, "text");
  for (const key of ["a%2Fb", "plain", "missing"]) {
    await call("get", `${root}/values/${key}`);
    await call("get", `${root}/metadata/${key}`);
  }
  for (const query of ["", "?prefix=a&limit=10", "?limit=5", "?limit=1001", "?cursor=%21"]) {
    await call("get", `${root}/keys${query}`);
  }
  const pairs = [
    { key: "b1", value: "YWJj", base64: true, metadata: { n: 1 }, expiration_ttl: 600 },
    { key: "b2", value: '{"json":true}' },
  ];
  for (const body of [pairs, [], [{ key: "" }], "{"]) await call("put", `${root}/bulk`, body);
  const keys = ["b2", "a/b", "missing"];
  await call("post", `${root}/bulk/get`, { keys });
  await call("post", `${root}/bulk/get`, { keys: ["b2"], type: "json" });
  await call("post", `${root}/bulk/get`, { keys, withMetadata: true });
  await call("post", `${root}/bulk/get`, { keys: [] });
  await call("post", `${root}/bulk/get`, { keys: Array.from({ length: 101 }, (_, i) => `k${i}`) });
  await call("post", `${root}/bulk/get`, "{");
  for (const body of [["b1", "missing"], [], "{"]) {
    await call("delete", `${root}/bulk`, body);
    await call("post", `${root}/bulk/delete`, body);
  }
  for (const key of ["plain", "missing"]) await call("delete", `${root}/values/${key}`);
}

async function d1(call) {
  const root = "/d1/database";
  const { uuid } = await call("post", root, { name: "swept", primary_location_hint: "weur" });
  await call("post", root, { name: "swept" });
  await call("post", root, {});
  await call("post", root, { name: "x", primary_location_hint: "moon" });
  await call("post", root, "{");
  const other = await call("post", root, { name: "other" });
  for (const query of ["", "?name=swept", "?page=2&per_page=1", "?page=99"]) {
    await call("get", root + query);
  }
  for (const id of [uuid, "swept", UUID, "nonsense"]) {
    await call("get", `${root}/${id}?fields=uuid%2Cname`);
    await call("get", `${root}/${id}`);
    await call("patch", `${root}/${id}`, { read_replication: { mode: "auto" } });
    await call("put", `${root}/${id}`, { read_replication: { mode: "moon" } });
    await d1Sql(call, `${root}/${id}`);
    await d1Jobs(call, `${root}/${id}`);
  }
  await call("delete", `${root}/${other.uuid}`);
  await call("delete", `${root}/${other.uuid}`);
}

async function d1Sql(call, database) {
  const bodies = [
    { sql: "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT UNIQUE); INSERT INTO t VALUES(1, 'x')" },
    { sql: "SELECT ?1 AS a, 1.5 AS b, 'x' AS c, NULL AS d, x'00ff' AS e", params: ["1"] },
    { batch: [{ sql: "INSERT INTO t VALUES(2, ?)", params: ["y"] }, { sql: "SELECT * FROM t" }] },
    { sql: "SELECT * FROM t WHERE a = ?; SELECT 1", params: ["1"] },
    { sql: "INSERT INTO t VALUES(1, 'x')" },
    { sql: "selec" },
    { sql: "-- nothing" },
    { sql: "SELECT ?", params: [] },
    { sql: 1 },
    {},
    "{",
  ];
  for (const operation of ["query", "raw"]) {
    for (const body of bodies) await call("post", `${database}/${operation}`, body);
  }
}

async function d1Jobs(call, database) {
  const sql = "CREATE TABLE IF NOT EXISTS imported(a);";
  const etag = createHash("md5").update(sql).digest("hex");
  const init = await call("post", `${database}/import`, { action: "init", etag });
  if (init?.upload_url) await fetch(init.upload_url, { method: "PUT", body: sql });
  const { filename } = init ?? {};
  const imported = await call("post", `${database}/import`, { action: "ingest", etag, filename });
  for (const current_bookmark of [imported?.at_bookmark, "none"]) {
    await call("post", `${database}/import`, { action: "poll", current_bookmark });
  }
  await call("post", `${database}/import`, { action: "other" });
  await call("post", `${database}/export`, { output_format: "polling", current_bookmark: "none" });
  const polling = { output_format: "polling" };
  const exported = await call("post", `${database}/export`, polling);
  const current_bookmark = exported?.at_bookmark;
  await call("post", `${database}/export`, { ...polling, current_bookmark });
  await call("post", `${database}/export`, {});
  const now = await call("get", `${database}/time_travel/bookmark?`);
  for (const when of ["2020-01-01T00:00:00Z", "nonsense"]) {
    await call("get", `${database}/time_travel/bookmark?timestamp=${when}`);
    await call("post", `${database}/time_travel/restore?timestamp=${when}`);
  }
  for (const bookmark of [now?.bookmark, "nonsense"]) {
    await call("post", `${database}/time_travel/restore?bookmark=${bookmark}`);
  }
  await call("post", `${database}/time_travel/restore`);
}

async function r2(call) {
  const root = "/r2/buckets";
  await call("post", root, { name: "swept", locationHint: "weur" });
  await call("post", root, { name: "swept" });
  await call("post", root, { name: "A" });
  await call("post", root, { name: "fine", storageClass: "Gold" });
  await call("post", root, "{");
  for (const query of ["", "?per_page=1", "?name_contains=swe", "?per_page=0"]) {
    await call("get", root + query);
  }
  for (const bucket of ["swept", "missing"]) {
    await call("get", `${root}/${bucket}`);
    for (const storageClass of ["InfrequentAccess", "Gold"]) {
      await call("patch", `${root}/${bucket}`, undefined, { "cf-r2-storage-class": storageClass });
    }
    await r2Objects(call, `${root}/${bucket}/objects`);
    await r2Documents(call, `${root}/${bucket}`);
  }
  await call("delete", `${root}/swept`);
  await call("delete", `${root}/swept/objects/dir/k`);
  await call("delete", `${root}/swept`);
  await call("delete", `${root}/swept`);
}

async function r2Objects(call, objects) {
  await call("put", `${objects}/dir/k`, "text", { "content-type": "text/plain" });
  await call("put", `${objects}/k2`, "text");
  await call("put", `${objects}/${"k".repeat(1025)}`, "text");
  for (const query of ["", "?prefix=dir%2F", "?delimiter=%2F", "?per_page=1", "?per_page=0"]) {
    await call("get", objects + query);
  }
  for (const key of ["dir/k", "missing"]) await call("get", `${objects}/${key}`);
  for (const key of ["k2", "missing"]) await call("delete", `${objects}/${key}`);
  await call("delete", objects, ["dir/k"]);
}

async function r2Documents(call, bucket) {
  const cors = { rules: [{ allowed: { methods: ["GET"], origins: ["https://a.example"] } }] };
  const lifecycle = { rules: [{ id: "x", enabled: true, conditions: { prefix: "" } }] };
  for (const [document, good] of Object.entries({ cors, lifecycle })) {
    await call("get", `${bucket}/${document}`);
    await call("put", `${bucket}/${document}`, good);
    await call("get", `${bucket}/${document}`);
    await call("put", `${bucket}/${document}`, { rules: 1 });
  }
  await call("delete", `${bucket}/cors`);
}

// What every route may answer: a wrong token, a limit, a failure of the service.
async function refusedToAll(call) {
  const roots = ["/storage/kv/namespaces", "/d1/database", "/r2/buckets"];
  for (const root of roots) await call("get", root, undefined, {}, "wrong");
  for (const status of [429, 500]) {
    for (const [i, operation] of ["kv.*", "d1.*", "r2.*"].entries()) {
      await control("POST", "faults", { operation, status });
      await call("get", roots[i]);
    }
  }
  await control("DELETE", "faults");
}
