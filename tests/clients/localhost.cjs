// Node asks the system's resolver for *.localhost, which often does not know it: answer as browsers do.
const dns = require("node:dns");

const systemLookup = dns.lookup;
dns.lookup = (host, options, callback) => {
  const done = typeof options === "function" ? options : callback;
  if (!/(^|\.)localhost$/.test(host)) return systemLookup(host, options, callback);
  const wanted = typeof options === "object" && options !== null ? options : {};
  const answer = { address: "127.0.0.1", family: 4 };
  process.nextTick(() => (wanted.all ? done(null, [answer]) : done(null, answer.address, 4)));
};
