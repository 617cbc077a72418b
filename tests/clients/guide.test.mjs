// docs/guides/storage.md as a reader follows it: its files are written, its commands run in order in one
// shell, and what it says they print is looked for. The two programs that fetch packages are stood in
// for, so that nothing but the tests' own versions runs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { setting } from "./support/setting.mjs";

const TIME_LIMIT_MS = 300_000;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

// [{kind, file, text}] of all blocks between fences.
function blocksOf(markdown) {
  const fences = markdown.matchAll(/^```(\w+)(?: (\S+))?\n([^]*?)^```$/gm);
  return [...fences].map(([, kind, file, text]) => ({ kind, file, text }));
}

async function program(folder, name, script) {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

// The programs of the guide, found before those of the system.
async function makePrograms(folder) {
  await mkdir(folder);
  const wrangler = path("node_modules/wrangler/wrangler-dist/cli.js");
  await program(folder, "moltgate", `exec '${setting("MOLTGATE_PROGRAM")}' "$@"`);
  await program(folder, "node", `exec '${process.execPath}' "$@"`);
  const node = `exec node --require '${path("no_workerd.cjs")}'`;
  await program(folder, "npx", `[ "$1" = wrangler ] && shift && ${node} '${wrangler}' "$@"`);
  await program(folder, "npm", `shift; for name; do test -d "node_modules/$name" || exit 1; done`);
}

function shell(script, options) {
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, out: stdout + stderr });
    });
  });
}

test("the guide to storage does as it says", async () => {
  const blocks = blocksOf(await readFile(path("../../docs/guides/storage.md"), "utf8"));
  const folder = await mkdtemp(join(tmpdir(), "moltgate-guide-"));
  try {
    await makePrograms(join(folder, "bin"));
    await mkdir(join(folder, "home"));
    await symlink(path("node_modules"), join(folder, "node_modules"));
    for (const { file, text } of blocks) if (file) await writeFile(join(folder, file), text);
    const commands = blocks.filter(({ kind }) => kind === "sh").map(({ text }) => text);
    const env = { PATH: `${folder}/bin:${process.env.PATH}`, HOME: join(folder, "home"), NO_COLOR: "1" };
    const script = `set -eu\ntrap 'kill $(jobs -p) 2> jobs.txt || true' EXIT\n${commands.join("\n")}`;
    const { code, out } = await shell(script, { cwd: folder, env, timeout: TIME_LIMIT_MS });
    assert.equal(code, 0, out);
    const said = blocks.filter(({ kind }) => kind === "text").flatMap(({ text }) => text.trim().split("\n"));
    assert.ok(said.length >= 6, said.join("\n"));
    for (const line of said) assert.ok(out.includes(line), `"${line}" is not in\n${out}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
