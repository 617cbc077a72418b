// The same operations on both sides, one after another; prints each way in which they differ, how often,
// and its first example. Ends with 1 when one is not in known.mjs.
import { Miniflare } from "miniflare";
import { nextD1, ourD1, SCHEMA, theirD1 } from "./d1.mjs";
import { known } from "./known.mjs";
import { nextKv, ourKv, theirKv } from "./kv.mjs";
import { differences } from "./outcome.mjs";
import { nextR2, ourR2, theirR2 } from "./r2.mjs";
import { Random } from "./random.mjs";

const seed = Number(process.argv[2] ?? 1);
const operations = Number(process.argv[3] ?? 400);
const MOST_TEXT = 160;
const MOST_EXAMPLES = 4;

// As `moltgate exec` sets it.
const setting = (name) => process.env[`MOLTGATE_${name.toUpperCase()}`];
const ready = {
  api_base: setting("api_base"),
  api_token: setting("api_token"),
  account_id: setting("account_id"),
  s3_endpoint: setting("s3_endpoint"),
  s3_access_key_id: setting("s3_access_key_id"),
  s3_secret_access_key: setting("s3_secret_access_key"),
};

// Of their own: the gateway has written into those that are there.
async function make(path, body) {
  const response = await fetch(`${ready.api_base}/accounts/${ready.account_id}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${ready.api_token}` },
    body: JSON.stringify(body),
  });
  return (await response.json()).result;
}

class Report {
  constructor() {
    this.groups = new Map();
  }

  add(store, [kind, options], { aspect, ours, theirs }) {
    const group = `${store} ${kind} ${aspect}`;
    const reason = known.find((one) => one.of.test(group) && (one.that?.(ours, theirs, options) ?? true));
    const name = `${group} · ${reason?.why ?? "NO REASON"}`;
    const entry = this.groups.get(name) ?? { count: 0, reason, examples: new Map() };
    entry.count += 1;
    const operation = short(options);
    if (entry.examples.size < MOST_EXAMPLES && !entry.examples.has(operation)) {
      entry.examples.set(operation, `ours ${short(ours)}, theirs ${short(theirs)}`);
    }
    this.groups.set(name, entry);
  }

  print() {
    for (const [name, { count, examples }] of [...this.groups].sort()) {
      console.log(`${String(count).padStart(5)}  ${name}`);
      for (const [operation, values] of examples) console.log(`         ${operation}: ${values}`);
    }
  }

  get unexplained() {
    return [...this.groups.values()].filter((entry) => !entry.reason).length;
  }
}

function short(value) {
  const text = JSON.stringify(value) ?? "absent";
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}...` : text;
}

const simulator = new Miniflare({
  modules: true,
  script: "export default { fetch: () => new Response(null, { status: 404 }) }",
  kvNamespaces: ["KV"],
  d1Databases: ["DB"],
  r2Buckets: ["R2"],
});
const report = new Report();
try {
  const namespace = await make("/storage/kv/namespaces", { title: "differential" });
  const database = await make("/d1/database", { name: "differential" });
  await make("/r2/buckets", { name: "differential" });
  const theirDatabase = await simulator.getD1Database("DB");
  const stores = {
    KV: [nextKv, ourKv({ ...ready, kv_namespace_id: namespace.id }), theirKv(await simulator.getKVNamespace("KV"))],
    D1: [nextD1, ourD1(ready, database.uuid), theirD1(theirDatabase)],
    R2: [nextR2, ourR2(ready, "differential"), theirR2(await simulator.getR2Bucket("R2"))],
  };
  for (const [store, [next, ours, theirs]] of Object.entries(stores)) {
    const random = new Random(seed);
    const first = store === "D1" ? SCHEMA.map((sql) => ["all", { sql, params: [] }]) : [];
    const count = Math.max(operations, first.length);
    let same = 0;
    for (let i = 0; i < count; ++i) {
      const operation = first[i] ?? next(random);
      const found = differences(await ours(...operation), await theirs(...operation));
      if (found.length === 0) ++same;
      for (const difference of found) report.add(store, operation, difference);
    }
    console.log(`${store}: seed ${seed}, ${count} operations, ${same} with the same outcome`);
  }
} finally {
  await simulator.dispose();
}
report.print();
console.log(`${report.groups.size} kinds of difference, ${report.unexplained} without a reason`);
process.exitCode = report.unexplained === 0 ? 0 : 1;
