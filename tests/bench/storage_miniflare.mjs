// A Worker in Miniflare that reads a value, a row and an object, for bench_storage: prints its port.
import { Miniflare } from "miniflare";

const miniflare = new Miniflare({
  modules: true,
  script: `export default { async fetch(request, env) {
    const path = new URL(request.url).pathname;
    if (path === "/kv") return new Response(await env.KV.get("bench"));
    if (path === "/d1") return Response.json(await env.DB.prepare("SELECT v FROM t WHERE id = ?1").bind(500).all());
    return new Response(await (await env.R2.get("small")).arrayBuffer());
  } }`,
  kvNamespaces: ["KV"],
  d1Databases: ["DB"],
  r2Buckets: ["R2"],
  kvPersist: process.argv[2] + "/kv",
  d1Persist: process.argv[2] + "/d1",
  r2Persist: process.argv[2] + "/r2",
});
const url = await miniflare.ready;
await (await miniflare.getKVNamespace("KV")).put("bench", "v".repeat(1024));
await (await miniflare.getR2Bucket("R2")).put("small", "o".repeat(1024));
const db = await miniflare.getD1Database("DB");
await db.exec("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, v TEXT)");
const row = db.prepare("INSERT OR IGNORE INTO t VALUES(?1, 'row ' || ?1)");
await db.batch(Array.from({ length: 1000 }, (_, i) => row.bind(i + 1)));
console.log(url.port);
process.on("SIGTERM", async () => {
  await miniflare.dispose();
  process.exit(0);
});
