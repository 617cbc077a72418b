// R2: the binding of a Worker on their side, the S3 API on ours.
import * as s3 from "@aws-sdk/client-s3";
import { outcome } from "./outcome.mjs";

const KEYS = ["a", "dir/a", "dir/b", "dir/sub/c", "dir//d", " e ", "ü", "f+g%20h", "x".repeat(1024)];
const LONG_KEY = "x".repeat(1025);
const PART = 5 << 20;
const KINDS = ["put", "put", "put", "get", "get", "getRange", "head", "delete", "list", "list", "spellings"];
const RANGES = [
  { offset: 0, length: 4 },
  { offset: 5 },
  { suffix: 3 },
  { offset: 0, length: 5000 },
  { offset: 5000 },
];
const ALL_METADATA = {
  contentType: "image/png",
  cacheControl: "max-age=60",
  contentLanguage: "de",
  contentDisposition: "inline",
  contentEncoding: "gzip",
};

export function nextR2(random) {
  const key = random.next() < 0.03 ? LONG_KEY : random.of(KEYS);
  const kind = random.of(KINDS);
  if (random.next() < 0.04) {
    const sizes = random.of([[1], [PART, 10], [PART, PART, 1], [10, 10], [PART, PART + 1]]);
    return ["multipart", { key, sizes }];
  }
  switch (kind) {
    case "put":
      return [kind, { key, ...objectOf(random), onlyIf: conditionOf(random) }];
    case "get":
      return [kind, { key, onlyIf: conditionOf(random) }];
    case "getRange":
      return [kind, { key, range: random.of(RANGES) }];
    case "list":
      return [kind, listOf(random)];
    case "spellings":
      return [kind, { put: "o\u0308", head: "ö" }];
    default:
      return [kind, { key }];
  }
}

function objectOf(random) {
  const body = [...random.bytes(random.of([0, 1, 11, 1000]))];
  const httpMetadata = random.of([{}, { contentType: "text/plain" }, ALL_METADATA]);
  const customMetadata = random.of([{}, { owner: "ann" }, { owner: "ann", "with-dash": "1" }]);
  return { body, httpMetadata, customMetadata };
}

function conditionOf(random) {
  const other = "0".repeat(32);
  const conditions = [{ etagMatches: other }, { etagDoesNotMatch: "*" }, { etagDoesNotMatch: other }];
  return random.next() < 0.5 ? undefined : random.of(conditions);
}

function listOf(random) {
  return {
    prefix: random.of([undefined, "dir/", "d", "none"]),
    delimiter: random.of([undefined, "/", "//"]),
    limit: random.of([undefined, 1, 2, 1000, 1001]),
    startAfter: random.of([undefined, undefined, "dir/a"]),
  };
}

const OUTCOMES = [
  [/does not exist|10007|NoSuchKey/, "no such key"],
  [/10039|InvalidRange|not satisfiable/, "range not satisfiable"],
  [/10011|EntityTooSmall/, "part too small"],
  [/10048|same length/, "parts of different length"],
  [/10020|InvalidObjectName|KeyTooLong|not valid/, "bad key"],
  [/10022|MaxKeys|InvalidMaxKeys/, "bad limit"],
];

function explain(error) {
  const text = `${error.name ?? ""} ${error.message}`;
  return OUTCOMES.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

export function theirR2(bucket) {
  const shaped = (object) => ({
    key: object.key,
    size: object.size,
    etag: object.etag,
    httpMetadata: object.httpMetadata,
    customMetadata: object.customMetadata,
  });
  async function withBody(object) {
    return { ...shaped(object), bytes: [...new Uint8Array(await object.arrayBuffer())] };
  }
  const actions = {
    async put({ key, body, ...options }) {
      const object = await bucket.put(key, Uint8Array.from(body), options);
      return object === null ? "condition failed" : { etag: object.etag };
    },
    async get({ key, onlyIf }) {
      const object = await bucket.get(key, { onlyIf });
      if (object === null) return null;
      return typeof object.arrayBuffer === "function" ? withBody(object) : "condition failed";
    },
    async getRange({ key, range }) {
      const object = await bucket.get(key, { range });
      return object === null ? null : withBody(object);
    },
    async head({ key }) {
      const object = await bucket.head(key);
      return object && shaped(object);
    },
    delete: ({ key }) => bucket.delete(key).then(() => null),
    async spellings({ put, head }) {
      await bucket.put(put, "x");
      const found = (await bucket.head(head)) !== null;
      await bucket.delete(put);
      return { found };
    },
    async list(options) {
      const { objects, delimitedPrefixes, truncated } = await bucket.list(options);
      return { keys: objects.map(({ key, size }) => ({ key, size })), prefixes: delimitedPrefixes, truncated };
    },
    async multipart({ key, sizes }) {
      const upload = await bucket.createMultipartUpload(key);
      const parts = [];
      for (const [i, size] of sizes.entries()) {
        parts.push(await upload.uploadPart(i + 1, new Uint8Array(size).fill(97 + i)));
      }
      const object = await upload.complete(parts);
      return { size: object.size, etag: object.etag };
    },
  };
  return (kind, options) => outcome(() => actions[kind](options), explain);
}

const FIELDS = {
  contentType: "ContentType",
  cacheControl: "CacheControl",
  contentLanguage: "ContentLanguage",
  contentDisposition: "ContentDisposition",
  contentEncoding: "ContentEncoding",
};

export function ourR2(ready, Bucket) {
  const client = new s3.S3Client({
    endpoint: ready.s3_endpoint,
    region: "auto",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: ready.s3_access_key_id, secretAccessKey: ready.s3_secret_access_key },
  });
  const send = (name, input) => client.send(new s3[`${name}Command`]({ Bucket, ...input }));
  const unquoted = (etag) => etag.replaceAll('"', "");
  const shaped = (key, answer) => ({
    key,
    size: Number(answer.ContentRange?.split("/")[1] ?? answer.ContentLength),
    etag: unquoted(answer.ETag),
    httpMetadata: Object.fromEntries(
      Object.entries(FIELDS)
        .filter(([, field]) => answer[field] !== undefined)
        .map(([name, field]) => [name, answer[field]]),
    ),
    customMetadata: answer.Metadata,
  });
  const conditions = (onlyIf) => ({ IfMatch: onlyIf?.etagMatches, IfNoneMatch: onlyIf?.etagDoesNotMatch });
  async function get(key, input) {
    try {
      const answer = await send("GetObject", { Key: key, ...input });
      return { ...shaped(key, answer), bytes: [...(await answer.Body.transformToByteArray())] };
    } catch (error) {
      if (error.name === "NoSuchKey") return null;
      if ([304, 412].includes(error.$metadata?.httpStatusCode)) return "condition failed";
      throw error;
    }
  }
  const actions = {
    async put({ key, body, httpMetadata, customMetadata, onlyIf }) {
      const named = Object.entries(httpMetadata).map(([name, value]) => [FIELDS[name], value]);
      const fields = { Metadata: customMetadata, ...Object.fromEntries(named), ...conditions(onlyIf) };
      const input = { Key: key, Body: Uint8Array.from(body), ...fields };
      try {
        return { etag: unquoted((await send("PutObject", input)).ETag) };
      } catch (error) {
        if (error.$metadata?.httpStatusCode === 412) return "condition failed";
        throw error;
      }
    },
    get: ({ key, onlyIf }) => get(key, conditions(onlyIf)),
    getRange: ({ key, range }) => get(key, { Range: rangeText(range) }),
    async head({ key }) {
      try {
        return shaped(key, await send("HeadObject", { Key: key }));
      } catch (error) {
        if (error.name === "NotFound") return null;
        throw error;
      }
    },
    delete: ({ key }) => send("DeleteObject", { Key: key }).then(() => null),
    async spellings({ put, head }) {
      await send("PutObject", { Key: put, Body: "x" });
      const found = (await actions.head({ key: head })) !== null;
      await send("DeleteObject", { Key: put });
      return { found };
    },
    async list({ prefix, delimiter, limit, startAfter }) {
      const input = { Prefix: prefix, Delimiter: delimiter, MaxKeys: limit, StartAfter: startAfter };
      const answer = await send("ListObjectsV2", input);
      return {
        keys: (answer.Contents ?? []).map(({ Key: key, Size: size }) => ({ key, size })),
        prefixes: (answer.CommonPrefixes ?? []).map((one) => one.Prefix),
        truncated: answer.IsTruncated,
      };
    },
    async multipart({ key, sizes }) {
      const { UploadId } = await send("CreateMultipartUpload", { Key: key });
      const Parts = [];
      for (const [i, size] of sizes.entries()) {
        const part = { Key: key, UploadId, PartNumber: i + 1, Body: new Uint8Array(size).fill(97 + i) };
        Parts.push({ PartNumber: i + 1, ETag: (await send("UploadPart", part)).ETag });
      }
      const { ETag } = await send("CompleteMultipartUpload", { Key: key, UploadId, MultipartUpload: { Parts } });
      return { size: sizes.reduce((sum, size) => sum + size, 0), etag: unquoted(ETag) };
    },
  };
  return (kind, options) => outcome(() => actions[kind](options), explain);
}

function rangeText({ offset, length, suffix }) {
  if (suffix !== undefined) return `bytes=-${suffix}`;
  return `bytes=${offset}-${length === undefined ? "" : offset + length - 1}`;
}
