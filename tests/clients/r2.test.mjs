// The AWS SDK against R2's S3 endpoint, with its default checksums: wire/storage.md 4 and 5.1.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
  CompleteMultipartUploadCommand,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import Cloudflare from "cloudflare";
import { failureOf } from "./support/outcomes.mjs";
import { ready, withFault } from "./support/world.mjs";

const Bucket = ready.r2_bucket;
const MIB = 1024 * 1024;

function client(more = {}) {
  return new S3Client({
    endpoint: ready.s3_endpoint,
    region: "auto",
    forcePathStyle: true,
    credentials: {
      accessKeyId: ready.s3_access_key_id,
      secretAccessKey: ready.s3_secret_access_key,
    },
    ...more,
  });
}

const s3 = client();
const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");
const put = (Key, Body, more = {}) => s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));
const get = (Key, more = {}) => s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
const textOf = async (answer) => answer.Body.transformToString();
const statusOf = (error) => error.$metadata.httpStatusCode;

test("put, head, get and delete, with the default CRC32 checked on both ends", async () => {
  const stored = await put("dir/a b+é.txt", "hello world", {
    ContentType: "text/plain",
    CacheControl: "no-store",
    Metadata: { who: "me" },
  });
  assert.equal(stored.ETag, `"${md5("hello world")}"`);
  assert.equal(stored.ChecksumCRC32, "DUoRhQ==");
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "dir/a b+é.txt" }));
  assert.equal(head.ContentLength, 11);
  assert.deepEqual(head.Metadata, { who: "me" });
  const got = await get("dir/a b+é.txt");
  assert.equal(got.ContentType, "text/plain");
  assert.equal(got.CacheControl, "no-store");
  assert.equal(got.ChecksumCRC32, "DUoRhQ==");
  assert.equal(await textOf(got), "hello world");
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "dir/a b+é.txt" }));
  const gone = await failureOf(get("dir/a b+é.txt"));
  assert.equal(gone.name, "NoSuchKey");
});

test("a stream goes as aws-chunked with its checksum in a trailer", async () => {
  const text = "0123456789".repeat(50_000);
  const stored = await put("streamed", Readable.from([text.slice(0, 70_000), text.slice(70_000)]), {
    ContentLength: text.length,
  });
  assert.equal(stored.ETag, `"${md5(text)}"`);
  const got = await get("streamed");
  assert.equal(got.ContentEncoding, undefined);
  assert.equal(got.ContentLength, text.length);
  assert.equal(await textOf(got), text);
});

for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  test(`${ChecksumAlgorithm} is sent, stored and returned`, async () => {
    const member = `Checksum${ChecksumAlgorithm}`;
    let stored;
    try {
      stored = await put(`sum-${ChecksumAlgorithm}`, "hello world", { ChecksumAlgorithm });
    } catch (error) {
      // The SDK has CRC64NVME in a package of its own.
      if (ChecksumAlgorithm === "CRC64NVME" && !error.$metadata?.httpStatusCode) return;
      throw error;
    }
    const got = await get(`sum-${ChecksumAlgorithm}`);
    assert.ok(stored[member]);
    assert.equal(got[member], stored[member]);
    assert.equal(await textOf(got), "hello world");
  });
}

test("a body of 3 MiB is not held up by Expect: 100-continue", async () => {
  const started = performance.now();
  await put("expected", Buffer.alloc(3 * MIB, "x"));
  assert.ok(performance.now() - started < 5_000, "the SDK waits for 6 s without a 100");
});

test("ranges are 206, beyond the end 416", async () => {
  await put("ranged", "hello world");
  const got = await get("ranged", { Range: "bytes=2-5" });
  assert.equal(got.ContentRange, "bytes 2-5/11");
  assert.equal(got.ChecksumCRC32, undefined);
  assert.equal(await textOf(got), "llo ");
  assert.equal(await textOf(await get("ranged", { Range: "bytes=-5" })), "world");
  const beyond = await failureOf(get("ranged", { Range: "bytes=11-" }));
  assert.equal(statusOf(beyond), 416);
  assert.equal(beyond.name, "InvalidRange");
});

// 5.1, row 23.
test("conditions decide over puts and gets", async () => {
  const first = await put("conditional", "a", { IfNoneMatch: "*" });
  assert.equal(statusOf(await failureOf(put("conditional", "b", { IfNoneMatch: "*" }))), 412);
  await put("conditional", "b", { IfMatch: first.ETag });
  const stale = await failureOf(put("conditional", "c", { IfMatch: first.ETag }));
  assert.equal(stale.name, "PreconditionFailed");
  const now = await get("conditional");
  const same = await failureOf(get("conditional", { IfNoneMatch: now.ETag }));
  assert.equal(statusOf(same), 304);
});

test("a listing has every key once, page by page", async () => {
  const wanted = ["a/1", "a/2", "b", "c d", "é"].map((key) => `listed/${key}`);
  for (const key of wanted) await put(key, "v");
  const keys = [];
  const pages = paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: "listed/" });
  for await (const page of pages) keys.push(...page.Contents.map((entry) => entry.Key));
  assert.deepEqual(keys, wanted);
  const folded = await s3.send(
    new ListObjectsV2Command({ Bucket, Prefix: "listed/", Delimiter: "/", EncodingType: "url" }),
  );
  assert.deepEqual(folded.CommonPrefixes, [{ Prefix: "listed%2Fa%2F" }]);
  assert.equal(folded.KeyCount, 4);
});

test("many keys are deleted at once, those that are not there too", async () => {
  await put("many/ 1 ", "v");
  const deleted = await s3.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: "many/ 1 " }, { Key: "many/absent" }] },
    }),
  );
  assert.deepEqual(deleted.Deleted.map((entry) => entry.Key).sort(), ["many/ 1 ", "many/absent"]);
  assert.equal((await failureOf(get("many/ 1 "))).name, "NoSuchKey");
});

test("a copy keeps bytes and metadata, or takes new metadata", async () => {
  await put("source é", "hello world", { Metadata: { kept: "1" } });
  const CopySource = `${Bucket}/${encodeURIComponent("source é")}`;
  const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
  assert.equal(copied.CopyObjectResult.ETag, `"${md5("hello world")}"`);
  assert.deepEqual((await get("copy")).Metadata, { kept: "1" });
  const replacing = { MetadataDirective: "REPLACE", Metadata: { changed: "2" } };
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource, ...replacing }));
  assert.deepEqual((await get("copy")).Metadata, { changed: "2" });
});

test("lib-storage uploads in parts, and the ETag says how many", async () => {
  const bytes = Buffer.alloc(12 * MIB, "0123456789abcdef");
  const upload = new Upload({
    client: s3,
    params: { Bucket, Key: "parts", Body: Readable.from([bytes]) },
    partSize: 5 * MIB,
    queueSize: 3,
  });
  const done = await upload.done();
  assert.match(done.ETag, /^"[0-9a-f]{32}-3"$/);
  const got = await get("parts");
  assert.equal(md5(await got.Body.transformToByteArray()), md5(bytes));
  const last = await get("parts", { PartNumber: 3 });
  assert.equal(last.PartsCount, 3);
  assert.equal(last.ContentLength, 2 * MIB);
});

test("parts are listed, copied, checked at the end, and gone after an abort", async () => {
  const Key = "by-hand";
  await put("part-source", "hello world");
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const one = await s3.send(
    new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: "small" }),
  );
  const two = await s3.send(
    new UploadPartCopyCommand({
      Bucket, Key, UploadId, PartNumber: 2,
      CopySource: `${Bucket}/part-source`, CopySourceRange: "bytes=0-4",
    }),
  );
  const { Parts } = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }));
  assert.deepEqual(Parts.map((part) => [part.PartNumber, part.Size]), [[1, 5], [2, 5]]);
  const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  assert.deepEqual(Uploads.map((upload) => upload.Key), [Key]);
  const complete = new CompleteMultipartUploadCommand({
    Bucket, Key, UploadId,
    MultipartUpload: {
      Parts: [
        { PartNumber: 1, ETag: one.ETag },
        { PartNumber: 2, ETag: two.CopyPartResult.ETag },
      ],
    },
  });
  assert.equal((await failureOf(s3.send(complete))).name, "EntityTooSmall");
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  assert.equal((await failureOf(s3.send(complete))).name, "NoSuchUpload");
});

// 5.1, row 24.
test("presigned addresses get and put for as long as they say, and bear no change", async () => {
  await put("signed", "hello world");
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "signed" }), {
    expiresIn: 60,
  });
  const got = await fetch(url, { headers: { range: "bytes=0-3" } });
  assert.equal(got.status, 206);
  assert.equal(await got.text(), "hell");
  const tampered = await fetch(url.replace("/signed?", "/expected?"));
  assert.equal(tampered.status, 403);
  assert.match(await tampered.text(), /SignatureDoesNotMatch/);
  const putUrl = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "browser é" }));
  assert.equal((await fetch(putUrl, { method: "PUT", body: "by a browser" })).status, 200);
  assert.equal(await textOf(await get("browser é")), "by a browser");
});

test("buckets are made, listed and removed", async () => {
  const second = { Bucket: "second-bucket" };
  await s3.send(new CreateBucketCommand(second));
  assert.equal(statusOf(await failureOf(s3.send(new CreateBucketCommand(second)))), 409);
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  assert.deepEqual(Buckets.map((bucket) => bucket.Name), [Bucket, "second-bucket"].sort());
  await s3.send(new HeadBucketCommand(second));
  await s3.send(new PutObjectCommand({ ...second, Key: "k", Body: "v" }));
  assert.equal((await failureOf(s3.send(new DeleteBucketCommand(second)))).name, "BucketNotEmpty");
  await s3.send(new DeleteObjectCommand({ ...second, Key: "k" }));
  await s3.send(new DeleteBucketCommand(second));
  assert.equal(statusOf(await failureOf(s3.send(new HeadBucketCommand(second)))), 404);
});

test("CORS rules are stored and applied to a browser's requests", async () => {
  const rule = { AllowedOrigins: ["https://app.test"], AllowedMethods: ["GET"], MaxAgeSeconds: 60 };
  const CORSConfiguration = { CORSRules: [rule] };
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }));
  const { CORSRules } = await s3.send(new GetBucketCorsCommand({ Bucket }));
  assert.deepEqual(CORSRules[0].AllowedOrigins, ["https://app.test"]);
  await put("shared", "v");
  const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "shared" }));
  const answer = await fetch(url, { headers: { origin: "https://app.test" } });
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://app.test");
});

// 5.1, row 26.
test("what R2 does not do is 501; a stranger is told nothing", async () => {
  const tagging = new GetObjectTaggingCommand({ Bucket, Key: "signed" });
  const refused = await failureOf(s3.send(tagging));
  assert.equal(refused.name, "NotImplemented");
  assert.equal(statusOf(refused), 501);
  const accessKeyId = ready.s3_access_key_id;
  const wrong = client({ credentials: { accessKeyId, secretAccessKey: "wrong" } });
  const forged = await failureOf(wrong.send(new GetObjectCommand({ Bucket, Key: "none" })));
  assert.equal(forged.name, "SignatureDoesNotMatch");
  const stranger = client({ credentials: { accessKeyId: "x".repeat(32), secretAccessKey: "y" } });
  const unknown = await failureOf(stranger.send(new GetObjectCommand({ Bucket, Key: "none" })));
  assert.equal(statusOf(unknown), 401);
});

test("a put is sent again after a 503 and after an answer that was lost", async () => {
  await withFault({ operation: "r2.put", status: 503 }, () => put("again", "first"));
  assert.equal(await textOf(await get("again")), "first");
  await withFault({ operation: "r2.put", reset: "after" }, () => put("again", "second"));
  assert.equal(await textOf(await get("again")), "second");
});

test("an upload whose end was done but not answered is there, though its client sees no upload", async () => {
  const upload = new Upload({
    client: s3,
    params: { Bucket, Key: "lost-end", Body: Buffer.alloc(6 * MIB, "z") },
    partSize: 5 * MIB,
  });
  const error = await withFault({ operation: "r2.complete_multipart", reset: "after" }, () =>
    failureOf(upload.done()),
  );
  assert.equal(error.name, "NoSuchUpload");
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "lost-end" }));
  assert.equal(head.ContentLength, 6 * MIB);
});

test("a body that is cut short is an error, not a short object", async () => {
  await put("cut", "0123456789".repeat(20_000));
  const cut = { operation: "r2.get", truncate_after_bytes: 100_000 };
  await withFault(cut, async () => {
    const answer = await get("cut");
    await failureOf(textOf(answer));
  });
});

// 5.1, row 28.
test("Cloudflare's SDK lists buckets and objects and ends", async () => {
  const cloudflare = new Cloudflare({ baseURL: ready.api_base, apiToken: ready.api_token });
  const account = { account_id: ready.account_id };
  const { buckets } = await cloudflare.r2.buckets.list(account);
  assert.ok(buckets.some((bucket) => bucket.name === Bucket));
  await put("rest/one", "v");
  const keys = [];
  for await (const object of cloudflare.r2.buckets.objects.list(Bucket, {
    ...account,
    prefix: "rest/",
    per_page: 1,
  })) {
    keys.push(object.key);
  }
  assert.deepEqual(keys, ["rest/one"]);
});
