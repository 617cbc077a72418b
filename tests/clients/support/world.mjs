// An emulator for one test file: `moltgate up` on free ports, in memory. It starts on import and
// ends with the file, which reaches its levers here: faults, knobs, journal.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setting } from "./setting.mjs";

export const FREE_MODEL = "@cf/meta/llama-3.1-8b-instruct-fp8-fast";
export const PREMIUM_MODEL = "@cf/meta/llama-3.3-70b-instruct-fp8-fast";
export const question = [{ role: "user", content: "What is 19 + 23?" }];

const START_LIMIT_MS = 30_000;
const JOURNAL_LIMIT_MS = 5_000;

const folder = await mkdtemp(join(tmpdir(), "moltgate-clients-"));
const emulator = spawn(
  setting("MOLTGATE_PROGRAM"),
  ["up", "--memory", "--port-base", "0", "--quiet", "--ready-file", join(folder, "ready.json")],
  { cwd: folder, stdio: ["ignore", "ignore", "inherit"] },
);
const ended = new Promise((resolve) => emulator.once("exit", resolve));
process.once("exit", () => emulator.kill("SIGKILL"));
process.once("SIGTERM", () => process.exit(143));

after(async () => {
  emulator.kill("SIGTERM");
  await ended;
  await rm(folder, { recursive: true, force: true });
});

async function started() {
  const due = Date.now() + START_LIMIT_MS;
  while (Date.now() < due && emulator.exitCode === null) {
    try {
      return JSON.parse(await readFile(join(folder, "ready.json"), "utf8"));
    } catch {
      await sleep(20);
    }
  }
  throw new Error("moltgate up did not start");
}

export const ready = await started();
export const cloudOrigin = new URL(ready.api_base).origin;
export const tenantUrl = `http://${ready.demo_tenant_host}:${new URL(ready.gateway_url).port}/v1`;
export const gatewayToken = { "cf-aig-authorization": `Bearer ${ready.ai_gateway_token}` };

export async function control(method, path, body) {
  const response = await fetch(`${ready.management_url}/control/v1/${path}`, {
    method,
    headers: { authorization: `Bearer ${ready.management_token}` },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return text;
}

// Every model call, or those of `where`, is answered like this `times` times while `work` runs.
// A fault that did not fire as often proves nothing, so that fails. times -1: for as long as it runs.
export async function withFault(fault, work) {
  await control("POST", "faults", { operation: "ai.run", ...fault });
  try {
    const result = await work();
    const [{ planned, fired }] = JSON.parse(await control("GET", "faults")).faults;
    assert.ok(planned < 0 ? fired > 0 : fired === planned, `the fault fired ${fired} times`);
    return result;
  } finally {
    await control("DELETE", "faults");
  }
}

// The AI Gateway fake behaves as `knobs` say while `work` runs.
export async function withKnobs(knobs, work) {
  const before = JSON.parse(await control("GET", "ai"));
  await control("PATCH", "ai", knobs);
  try {
    return await work();
  } finally {
    const names = Object.keys(knobs);
    await control("PATCH", "ai", Object.fromEntries(names.map((name) => [name, before[name]])));
  }
}

// What reached the fakes of AI Gateway and Workers AI while `work` ran: [its result, journal rows].
// A call that its client gave up on ends a moment later: waits until there are `least` rows.
export async function withJournal(work, least = 0) {
  const rowsSince = async (seq) =>
    (await control("GET", `journal?since=${seq}`))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  const last = (await rowsSince(0)).at(-1)?.seq ?? 0;
  const result = await work();
  const due = Date.now() + JOURNAL_LIMIT_MS;
  for (;;) {
    const rows = (await rowsSince(last)).filter((row) => row.service === "ai");
    if (rows.length >= least) return [result, rows];
    assert.ok(Date.now() < due, `the journal has ${rows.length} rows, not ${least}`);
    await sleep(20);
  }
}
