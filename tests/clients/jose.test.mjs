// The official way to verify Access tokens in a Worker: jose's createRemoteJWKSet against the fake's
// certs, on the team's site and on an application's host. What it must refuse it refuses by name.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { control, ready } from "./support/world.mjs";

const issuer = ready.access_team_url;
const audience = ready.access_aud;
const gatewayPort = new URL(ready.gateway_url).port;
const certsUrl = new URL(`${issuer}/cdn-cgi/access/certs`);
const person = { email: "ann@example.test" };

async function mint(wanted) {
  return JSON.parse(await control("POST", "access/mint", { ...person, ...wanted })).token;
}

// A set of its own each time, so that no test sees another's cache.
async function verify(token, options = {}, url = certsUrl) {
  return jwtVerify(token, createRemoteJWKSet(url, { cooldownDuration: 0 }), {
    issuer,
    audience,
    ...options,
  });
}

async function refuses(token, kind, check = () => true) {
  await assert.rejects(verify(token), (error) => {
    assert.ok(error instanceof kind, `${error.name}: ${error.message}`);
    return check(error);
  });
}

test("a user's token is accepted with the claims of the service", async () => {
  const { payload, protectedHeader } = await verify(await mint({}));
  assert.equal(protectedHeader.alg, "RS256");
  assert.match(protectedHeader.kid, /^[0-9a-f]{64}$/);
  assert.equal(payload.email, person.email);
  assert.deepEqual(payload.aud, [audience]);
  assert.equal(payload.type, "app");
  assert.equal(payload.exp - payload.iat, 24 * 3600);
  assert.equal(payload.identity_nonce.length, 16);
  assert.equal("name" in payload, false);
});

test("a service's token has a common name and no subject", async () => {
  const token = JSON.parse(
    await control("POST", "access/mint", { common_name: "0123456789abcdef0123456789abcdef.access" }),
  ).token;
  const { payload } = await verify(token);
  assert.equal(payload.common_name, "0123456789abcdef0123456789abcdef.access");
  assert.equal(payload.sub, "");
  assert.equal("email" in payload, false);
});

test("an application's host serves the same keys", async () => {
  const url = new URL(`http://${ready.demo_tenant_host}:${gatewayPort}/cdn-cgi/access/certs`);
  const { payload } = await verify(await mint({}), {}, url);
  assert.equal(payload.email, person.email);
});

test("a token that is over is JWTExpired", async () => {
  await refuses(await mint({ expired: true }), errors.JWTExpired);
});

test("a token of another application fails at aud", async () => {
  await refuses(await mint({ wrong_audience: true }), errors.JWTClaimValidationFailed, (error) => {
    assert.equal(error.claim, "aud");
    return error.message === 'unexpected "aud" claim value';
  });
});

test("a token of another team fails at iss", async () => {
  const token = await mint({ claims: { iss: "https://other.cloudflareaccess.com" } });
  await refuses(token, errors.JWTClaimValidationFailed, (error) => error.claim === "iss");
});

test("a damaged signature fails to verify", async () => {
  for (const damage of ["flipped_signature", "zero_signature", "truncated_signature"]) {
    await refuses(await mint({ damage }), errors.JWSSignatureVerificationFailed);
  }
});

test("algorithms of an attacker find no key", async () => {
  for (const wanted of [
    { damage: "hs256_certificate" },
    { damage: "hs256_modulus" },
    { header: { alg: "none" } },
  ]) {
    await assert.rejects(verify(await mint(wanted)), (error) => error instanceof errors.JOSEError);
  }
});

test("a rotation loses no session; a key that is dropped is gone", async () => {
  const before = await mint({});
  await control("POST", "access/rotate");
  const after = await mint({});
  assert.equal((await verify(before)).payload.email, person.email);
  assert.equal((await verify(after)).payload.email, person.email);
  await control("POST", "access/drop-previous");
  await refuses(before, errors.JWKSNoMatchingKey);
  assert.equal((await verify(after)).payload.email, person.email);
});

// As the fork's users saw it: a wrong team name, certs that do not answer.
test("certs that are no keys fail by name", async () => {
  const token = await mint({});
  const cases = [
    [{ status: 404 }, /Expected 200 OK from the JSON Web Key Set HTTP response/],
    [{ certs: "redirect" }, /Expected 200 OK/],
    [{ certs: "html" }, /Failed to parse the JSON Web Key Set HTTP response as JSON/],
    [{ certs: "no_keys" }, /no applicable key found/],
    [{ certs: "duplicate_kid" }, /multiple matching keys found/],
  ];
  for (const [effect, message] of cases) {
    await control("POST", "faults", { id: "certs", operation: "access.certs", times: -1, ...effect });
    try {
      await assert.rejects(verify(token), message);
    } finally {
      await control("DELETE", "faults");
    }
  }
});
