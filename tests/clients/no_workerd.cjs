// wrangler asks at start where its simulator's program is, also for commands that run against the API
// alone. Tests of those need no simulator, and no download of 120 MB: answer with this file.
const Module = require("node:module");

const systemResolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  /^@cloudflare\/workerd-[^/]+\//.test(request) ? __filename : systemResolve(request, ...rest);
