// Cloudflare's command-line client as a process of its own, pointed at the emulator of world.mjs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { ready } from "./world.mjs";

const inClients = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

// Where the commands run; files are named relative to it.
export const folder = await mkdtemp(join(tmpdir(), "moltgate-wrangler-"));
after(() => rm(folder, { recursive: true, force: true }));

const environment = {
  PATH: process.env.PATH,
  HOME: join(folder, "home"),
  CI: "1",
  NO_COLOR: "1",
  NODE_COMPILE_CACHE: inClients("node_modules/.compiled"),
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_LOG_PATH: join(folder, "log"),
  CLOUDFLARE_API_BASE_URL: ready.api_base,
  CLOUDFLARE_API_TOKEN: ready.api_token,
  CLOUDFLARE_ACCOUNT_ID: ready.account_id,
};
await mkdir(environment.HOME);

// {code, out, err}: what it printed, without colours.
export function run(...args) {
  const command = [
    "--require",
    inClients("no_workerd.cjs"),
    inClients("node_modules/wrangler/wrangler-dist/cli.js"),
    ...args,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: folder, env: environment }, (error, stdout, stderr) => {
      const [out, err] = [stdout, stderr].map(stripVTControlCharacters);
      resolve({ code: error ? error.code : 0, out, err });
    });
  });
}

// What a command that has to succeed printed.
export async function wrangler(...args) {
  const { code, out, err } = await run(...args);
  assert.equal(code, 0, `wrangler ${args.join(" ")}\n${out}\n${err}`);
  return out;
}

// What a command that has to fail said about it.
export async function refusal(...args) {
  const { code, out, err } = await run(...args);
  assert.equal(code, 1, `wrangler ${args.join(" ")}\n${out}\n${err}`);
  return err;
}
