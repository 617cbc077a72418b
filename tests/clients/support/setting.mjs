// What run.sh and `moltgate exec` hand to the tests.
import assert from "node:assert/strict";

export function setting(name) {
  const value = process.env[name];
  assert.ok(value, `${name} is not set; run this through tests/clients/run.sh`);
  return value;
}
