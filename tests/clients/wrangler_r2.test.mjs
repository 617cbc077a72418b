// wrangler against the R2 fake's REST API: rows 20 and 21 of section 5.1, CORS and lifecycle.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folder, refusal, wrangler } from "./support/wrangler.mjs";

const bucket = (...args) => ["r2", "bucket", ...args];
const object = (action, path, ...args) => ["r2", "object", action, path, ...args, "--remote"];

test("wrangler makes, describes, changes, lists and deletes buckets", async () => {
  await wrangler(...bucket("create", "photos", "--location", "enam"));
  assert.match(await refusal(...bucket("create", "photos")), /already exists/);
  const made = await wrangler(...bucket("info", "photos"));
  assert.match(made, /location:\s+ENAM/);
  assert.match(made, /default_storage_class:\s+Standard/);
  await wrangler(...bucket("update", "storage-class", "photos", "-s", "InfrequentAccess"));
  const changed = JSON.parse(await wrangler(...bucket("info", "photos", "--json")));
  assert.equal(changed.default_storage_class, "InfrequentAccess");
  assert.match(await wrangler(...bucket("list")), /name:\s+photos\n/);
  await wrangler(...bucket("delete", "photos"));
  const gone = await refusal(...bucket("delete", "photos"));
  assert.match(gone, /The specified bucket does not exist\. \[code: 10006\]/);
});

test("wrangler puts, gets and deletes objects", async () => {
  await wrangler(...bucket("create", "files"));
  const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
  await writeFile(join(folder, "in.bin"), bytes);
  await wrangler(...object("put", "files/dir/a b.bin", "--file", "in.bin", "--content-type", "x/y"));
  await wrangler(...object("get", "files/dir/a b.bin", "--file", "out.bin"));
  assert.deepEqual(await readFile(join(folder, "out.bin")), bytes);
  assert.match(await refusal(...bucket("delete", "files")), /is not empty \[code: 10008\]|not empty/);
  await wrangler(...object("delete", "files/dir/a b.bin"));
  const gone = await refusal(...object("get", "files/dir/a b.bin", "--pipe"));
  assert.match(gone, /The specified key does not exist\./);
  const nowhere = await refusal(...object("put", "nowhere/k", "--file", "in.bin"));
  assert.match(nowhere, /The specified bucket does not exist\./);
});

test("wrangler sets, lists and clears CORS rules", async () => {
  await wrangler(...bucket("create", "shared"));
  const rule = {
    allowed: { origins: ["https://a.example"], methods: ["GET", "PUT"], headers: ["content-type"] },
    exposeHeaders: ["etag"],
    maxAgeSeconds: 60,
  };
  await writeFile(join(folder, "cors.json"), JSON.stringify({ rules: [rule] }));
  await wrangler(...bucket("cors", "set", "shared", "--file", "cors.json", "--force"));
  const listed = await wrangler(...bucket("cors", "list", "shared"));
  assert.match(listed, /allowed_origins:\s+https:\/\/a\.example\n/);
  assert.match(listed, /max_age_seconds:\s+60/);
  await wrangler(...bucket("cors", "delete", "shared", "--force"));
  const cleared = await refusal(...bucket("cors", "list", "shared"));
  assert.match(cleared, /The CORS configuration does not exist\. \[code: 10059\]/);
});

test("wrangler adds, lists, removes and replaces lifecycle rules", async () => {
  await wrangler(...bucket("create", "cycled"));
  assert.match(await wrangler(...bucket("lifecycle", "list", "cycled")), /Default Multipart Abort Rule/);
  await wrangler(...bucket("lifecycle", "add", "cycled", "old", "tmp/", "--expire-days", "3", "--force"));
  const added = await wrangler(...bucket("lifecycle", "list", "cycled"));
  assert.match(added, /name:\s+old\n[^]*prefix:\s+tmp\/\n[^]*Expire objects after 3 days/);
  await wrangler(...bucket("lifecycle", "remove", "cycled", "--name", "old"));
  assert.doesNotMatch(await wrangler(...bucket("lifecycle", "list", "cycled")), /name:\s+old\n/);
  const rule = {
    id: "away",
    enabled: true,
    conditions: { prefix: "logs/" },
    deleteObjectsTransition: { condition: { type: "Age", maxAge: 86400 } },
  };
  await writeFile(join(folder, "rules.json"), JSON.stringify({ rules: [rule] }));
  await wrangler(...bucket("lifecycle", "set", "cycled", "--file", "rules.json", "--force"));
  const replaced = await wrangler(...bucket("lifecycle", "list", "cycled"));
  assert.match(replaced, /name:\s+away\n[^]*Expire objects after 1 day/);
  assert.doesNotMatch(replaced, /Default Multipart Abort Rule/);
});
