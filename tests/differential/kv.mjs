// KV: the binding of a Worker on their side, the REST API on ours.
import { outcome } from "./outcome.mjs";

const KEYS = ["a", "a/b", "a b", "b", "b/c/d", "ünï", "%41", "k+l", "x".repeat(512)];
const BAD_KEYS = ["", ".", "..", "x".repeat(513), "ü".repeat(257)];
const FAR = 2000000000; // 2033: their proxy takes 32 bits

// [kind, arguments] of the next operation.
export function nextKv(random) {
  const key = random.next() < 0.08 ? random.of(BAD_KEYS) : random.of(KEYS);
  const kind = random.of(["put", "put", "put", "get", "getWithMetadata", "delete", "list", "getMany"]);
  if (kind === "put") return ["put", { key, value: valueOf(random), ...optionsOf(random) }];
  if (kind === "list") {
    const prefix = random.of([undefined, "", "a", "b/", "none", "ü"]);
    return ["list", { prefix, limit: random.of([undefined, 10, 100, 1000, 5, 0, 1001]) }];
  }
  if (kind === "getMany") {
    return [kind, { keys: Array.from({ length: random.of([1, 3, 3, 101]) }, () => random.of(KEYS)) }];
  }
  return [kind, { key }];
}

function valueOf(random) {
  return random.of(["", "text", "mehr: ü", '{"json":[1,2]}', "x".repeat(4096)]);
}

function optionsOf(random) {
  const options = random.of([{}, {}, { expirationTtl: 3600 }, { expiration: FAR }, { expirationTtl: 30 },
    { expirationTtl: 0 }, { expirationTtl: -1 }, { expiration: 1 }]);
  const metadata = random.of([undefined, undefined, { n: 1 }, "text", 7, null, { big: "m".repeat(1025) }]);
  return metadata === undefined ? options : { ...options, metadata };
}

export function theirKv(namespace) {
  const actions = {
    put: ({ key, value, ...options }) => namespace.put(key, value, options).then(() => null),
    get: ({ key }) => namespace.get(key),
    getWithMetadata: async ({ key }) => {
      const { value, metadata } = await namespace.getWithMetadata(key);
      return { value, metadata };
    },
    delete: ({ key }) => namespace.delete(key).then(() => null),
    getMany: async ({ keys }) => Object.fromEntries(await namespace.get(keys)),
    list: async (options) => {
      const { keys, list_complete } = await namespace.list(options);
      return { keys, list_complete };
    },
  };
  const explain = (error) => error.message.replace(/^KV \w+ failed: /, "");
  return (kind, options) => outcome(() => actions[kind](options), explain);
}

export function ourKv(ready) {
  const root = `${ready.api_base}/accounts/${ready.account_id}/storage/kv/namespaces/${ready.kv_namespace_id}`;
  async function call(method, path, body) {
    const headers = { authorization: `Bearer ${ready.api_token}` };
    const response = await fetch(root + path, { method, headers, body });
    if (response.ok) return response;
    const { errors } = await response.json();
    const missing = response.status === 404 && errors[0].code === 10009;
    if (missing) return null;
    throw new Error(`${response.status} ${errors[0].message}`);
  }
  const at = (part, key) => `/${part}/${encodeURIComponent(key)}`;
  const get = async (key) => (await call("GET", at("values", key)))?.text() ?? null;
  const actions = {
    get: ({ key }) => get(key),
    async put({ key, value, expiration, expirationTtl, metadata }) {
      const query = new URLSearchParams();
      if (expiration !== undefined) query.set("expiration", expiration);
      if (expirationTtl !== undefined) query.set("expiration_ttl", expirationTtl);
      let body = value;
      if (metadata !== undefined) {
        body = new FormData();
        body.set("value", value);
        body.set("metadata", JSON.stringify(metadata));
      }
      await call("PUT", `${at("values", key)}?${query}`, body);
      return null;
    },
    async getWithMetadata({ key }) {
      const value = await get(key);
      const metadata = value === null ? null : (await (await call("GET", at("metadata", key))).json()).result;
      return { value, metadata };
    },
    delete: ({ key }) => call("DELETE", at("values", key)).then(() => null),
    async getMany({ keys }) {
      const response = await call("POST", "/bulk/get", JSON.stringify({ keys }));
      return (await response.json()).result.values;
    },
    async list({ prefix, limit }) {
      const query = new URLSearchParams();
      if (prefix !== undefined) query.set("prefix", prefix);
      if (limit !== undefined) query.set("limit", limit);
      const { result, result_info } = await (await call("GET", `/keys?${query}`)).json();
      return { keys: result, list_complete: result_info.cursor === "" };
    },
  };
  return (kind, options) => outcome(() => actions[kind](options), (error) => error.message);
}
