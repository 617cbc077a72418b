// A fetch that notes what a client sends, and may change where that goes and what comes back.

// The hosts that some clients cannot be told to leave alone.
const CLOUDFLARE = /^https:\/\/(gateway\.ai|api)\.cloudflare\.com(?=\/)/;

const systemFetch = globalThis.fetch;

// `origin`: where requests to Cloudflare's hosts go instead. `edit`: gets each answer and its place,
// from 0, and returns headers to add. Notes: {method, url, path, headers, body, startedAt}, where
// `url` is what the client asked for.
export function recorder({ origin, edit } = {}) {
  const calls = [];
  async function fetch(input, init = {}) {
    const url = String(input);
    const call = {
      method: init.method ?? "GET",
      url,
      path: new URL(url).pathname,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
      startedAt: performance.now(),
    };
    const place = calls.push(call) - 1;
    const response = await systemFetch(origin ? url.replace(CLOUDFLARE, origin) : url, init);
    if (!edit) return response;
    const headers = new Headers(response.headers);
    for (const [name, value] of Object.entries(edit(response, place))) headers.set(name, value);
    return new Response(response.body, { status: response.status, headers });
  }
  return { calls, fetch };
}
