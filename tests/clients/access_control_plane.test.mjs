// Cloudflare's own SDK against Access's part of the API, and then a service at the edge with what
// was made: as a deployment's end-to-end test does it.
import assert from "node:assert/strict";
import { test } from "node:test";
import Cloudflare from "cloudflare";
import { ready } from "./support/world.mjs";

const cloudflare = new Cloudflare({ baseURL: ready.api_base, apiToken: ready.api_token });
const account = { account_id: ready.account_id };
const { access } = cloudflare.zeroTrust;
const host = "e2e." + ready.app_domain;
const hostUrl = `http://${host}:${new URL(ready.gateway_url).port}/`;

const ask = (headers = {}) => fetch(hostUrl, { headers, redirect: "manual" });

test("an application with a service token is made, used, rotated and removed", async () => {
  const app = await access.applications.create({
    ...account,
    name: "e2e",
    domain: host,
    type: "self_hosted",
    session_duration: "24h",
    app_launcher_visible: false,
  });
  assert.match(app.aud, /^[0-9a-f]{64}$/);
  const token = await access.serviceTokens.create({ ...account, name: "ci", duration: "8760h" });
  assert.match(token.client_secret, /^cfast_[0-9A-Za-z]{40}[0-9a-f]{8}$/);
  const service = (secret) => ({
    "cf-access-client-id": token.client_id,
    "cf-access-client-secret": secret,
  });

  const stranger = await ask(service(token.client_secret));
  assert.equal(stranger.status, 403, "no policy names it");
  assert.equal(stranger.headers.get("cf-access-error"), "1");
  const policy = await access.applications.policies.create(app.id, {
    ...account,
    name: "ci",
    decision: "non_identity",
    precedence: 1,
    include: [{ service_token: { token_id: token.id } }],
  });
  assert.equal(policy.decision, "non_identity");
  assert.equal((await ask(service(token.client_secret))).status, 404, "the gateway knows no tenant");
  assert.equal((await ask(service("guess"))).status, 401);
  assert.equal((await ask()).status, 302);

  const rotated = await access.serviceTokens.rotate(token.id, account);
  assert.equal((await ask(service(token.client_secret))).status, 401);
  assert.equal((await ask(service(rotated.client_secret))).status, 404);

  const names = [];
  for await (const listed of access.applications.list(account)) names.push(listed.name);
  assert.deepEqual(names, ["moltgate", "moltgate in the open", "e2e"]);
  const tokens = [];
  for await (const listed of access.serviceTokens.list(account)) tokens.push(listed.name);
  assert.deepEqual(tokens, ["moltgate", "ci"]);

  await access.applications.delete(app.id, account);
  await assert.rejects(access.applications.get(app.id, account), Cloudflare.NotFoundError);
});

test("what cannot be is a BadRequestError that says why", async () => {
  const made = access.applications.create({
    ...account,
    name: "port",
    domain: host + ":8443",
    type: "self_hosted",
  });
  await assert.rejects(made, (error) => {
    assert.ok(error instanceof Cloudflare.BadRequestError);
    return /no host and path/.test(error.errors[0].message);
  });
});

test("keys are rotated, and the document lists the former one", async () => {
  const before = await (await fetch(`${ready.access_team_url}/cdn-cgi/access/certs`)).json();
  await access.keys.rotate(account);
  const after = await (await fetch(`${ready.access_team_url}/cdn-cgi/access/certs`)).json();
  assert.equal(after.keys.length, 2);
  assert.equal(after.keys[1].kid, before.keys[0].kid);
  assert.notEqual(after.keys[0].kid, before.keys[0].kid);
  assert.equal(after.public_certs.length, 2);
  assert.match(after.public_cert.cert, /^-----BEGIN CERTIFICATE-----/);
});
