// Every answer of the storage fakes' REST routes against Cloudflare's own description of them: that of
// the operation and status where it has one, else the envelope of the product.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Contract, readDocument } from "./support/openapi.mjs";
import { sweep } from "./support/sweep.mjs";

const url = new URL("../../../shared/vectors/cloudflare-openapi/openapi.local.json", import.meta.url);
const document = await readDocument(url);
const skip = document ? false : "../shared/vectors/cloudflare-openapi is not there";

const envelopes = {
  "/storage/kv/": {
    ok: "workers-kv_api-response-common-no-result",
    failed: "workers-kv_api-response-common-failure",
  },
  "/d1/": { ok: "d1_api-response-common", failed: "d1_api-response-common-failure" },
  "/r2/": { ok: "r2_v4_response", failed: "r2_v4_response_failure" },
};

// Where the fakes do not do as the document says, on purpose. `of`: the schema's name; `problem`: what
// the validator says; `answers`: all those that may differ so.
const D1_FAILURE = /^(d1_api-response-common-failure|POST \/d1\/database\/\{database_id\}\/raw 4XX)$/;
const codeOf = ({ json }) => json.errors[0].code;
const differences = [
  {
    why: "D1 answers lists: the document's envelope has an object, and the same document's lists are arrays",
    of: /^(GET \/d1\/database 200|POST \/d1\/.*\/raw 200|d1_api-response-common)$/,
    problem: /^\/result must be object$/,
    answers: ({ json }) => Array.isArray(json.result),
  },
  {
    why: "D1 answers a deletion with null, as the service was recorded; the document has no deletion",
    of: /^d1_api-response-common$/,
    problem: /^\/result must be object$/,
    answers: ({ method, json }) => method === "delete" && json.result === null,
  },
  {
    why: "D1 answers a failed statement with an empty list, as the service was recorded",
    of: D1_FAILURE,
    problem: /^\/result must /,
    answers: (answer) => codeOf(answer) === 7500 && answer.json.result.length === 0,
  },
  {
    why: "D1 answers a malformed request with success and errors alone, as the service was recorded",
    of: D1_FAILURE,
    problem: /^ must have required property '(messages|result)'$/,
    answers: (answer) => codeOf(answer) === 7400 && answer.json.result === undefined,
  },
  {
    why: "a row of D1 has null and, for a blob, the list of its bytes: the document forgets both",
    of: /^POST \/d1\/.*\/raw 200$/,
    problem: /^\/result\/\*\/results\/rows\/\*\/\* must (be (number|string|object)|match a schema in anyOf)$/,
    answers: ({ json }) => json.result[0].results.rows.flat().some((v) => v === null || Array.isArray(v)),
  },
  {
    why: "values with metadata fit both of the document's alternatives, of which it wants one",
    of: /^POST \/storage\/kv\/.*\/bulk\/get 200$/,
    problem: /^\/result must match exactly one schema in oneOf$/,
    answers: ({ request }) => request.includes('"withMetadata":true'),
  },
  {
    why: "R2's PUT tells the size as text, by Cloudflare's SDK",
    of: /^PUT \/r2\/.*\/objects\/\{object_key\} 200$/,
    problem: /^\/result\/size must be integer$/,
    answers: ({ json }) => /^\d+$/.test(json.result.size),
  },
  {
    why: "an object comes with the content type that it was put with",
    of: /^GET \/r2\/.*\/objects\/\{object_key\} 200$/,
    problem: /^content type text\/plain$/,
    answers: ({ path }) => path.endsWith("/dir/k"),
  },
  {
    why: "the limit of the API itself has the code 971, below any product's",
    of: /^GET \/storage\/kv\/namespaces 4XX$/,
    problem: /^\/errors\/\*\/code must be >= 1000$/,
    answers: (answer) => answer.status === 429 && codeOf(answer) === 971,
  },
  {
    why: "is_truncated is a boolean by Cloudflare's SDK; the document calls it a text",
    of: /^GET \/r2\/.*\/objects 200$/,
    problem: /^\/result_info\/is_truncated must be string$/,
    answers: ({ json }) => typeof json.result_info.is_truncated === "boolean",
  },
];

// What the document has and the fakes refuse as a gap.
const gaps = ["DELETE /r2/buckets/{bucket_name}/objects"];

function isStorage(path) {
  return Object.keys(envelopes).some((start) => path.startsWith(start));
}

test("every answer is as Cloudflare describes it, or differs by a reason that stands here", { skip }, async () => {
  const contract = new Contract(document, envelopes);
  const answers = await sweep();
  const unexplained = new Set();
  const explained = new Set();
  const seen = new Set();
  for (const answer of answers) {
    const { schema, problems } = contract.check(answer);
    seen.add(schema);
    for (const problem of problems) {
      const reason = differences.find(
        (one) => one.of.test(schema) && one.problem.test(problem) && one.answers(answer),
      );
      if (reason) explained.add(reason.why);
      else unexplained.add(`${schema}: ${problem}\n  ${answer.request}\n  ${JSON.stringify(answer.json)}`);
    }
  }
  assert.deepEqual([...unexplained], []);
  assert.deepEqual(
    differences.map((one) => one.why).filter((why) => !explained.has(why)),
    [],
    "these differences are no more",
  );
  const documented = contract.operations
    .filter(({ path }) => isStorage(path))
    .map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    .filter((name) => !gaps.includes(name));
  assert.ok(documented.length >= 13, documented.join("\n"));
  const missing = documented
    .flatMap((name) => [`${name} 200`, `${name} 4XX`])
    .filter((name) => !seen.has(name));
  assert.deepEqual(missing, [], "the sweep has no such answer");
});
