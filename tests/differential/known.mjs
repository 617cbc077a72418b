// The kinds of difference that docs/fidelity.md gives the reason for, in its order. `of`: store, operation
// and aspect; `that`, where given, has to hold for the two values and the operation's arguments.
const PAGE = 4096;
const isBadKey = (key) => ["", ".", ".."].includes(key) || Buffer.byteLength(key) > 512;

export const known = [
  {
    why: "a key without a URL",
    of: /^KV (put|get|getWithMetadata|delete) \.(error|value)$/,
    that: (ours, theirs, { key }) => isBadKey(key),
  },
  {
    why: "limits of a list over REST",
    of: /^KV list \.(error|value)$/,
    that: (ours, theirs, { limit }) => limit !== undefined && (limit < 10 || limit > 1000),
  },
  {
    why: "the binding looks first",
    of: /^D1 (all|raw) \.error$/,
    that: (ours) => ours === "No SQL statements detected.",
  },
  {
    why: "booleans are made numbers by the binding",
    of: /^D1 .*(\.t|rows\[\]\[\])$/,
    that: (ours, theirs) => ours === "integer" && theirs === "real",
  },
  { why: "rows are counted approximately", of: /^D1 .*\.meta\.rows_(read|written)$/ },
  { why: "the simulator's own table", of: /^D1 .*\.meta\.(last_row_id|changed_db)$/ },
  {
    why: "the simulator's own table",
    of: /^D1 .*\.meta\.size_after$/,
    that: (ours, theirs) => ours < theirs && (theirs - ours) % PAGE === 0,
  },
  {
    why: "another SQLite plans",
    of: /^D1 .*(\.notused|rows\[\]\[\])$/,
    that: (ours, theirs, { sql }) => /^EXPLAIN/.test(sql),
  },
  {
    why: "S3 has a content type for everything",
    of: /^R2 \w+ \.value\.httpMetadata\.contentType$/,
    that: (ours, theirs) => ours === "application/octet-stream" && theirs === undefined,
  },
  {
    why: "a range of nothing",
    of: /^R2 getRange \.error$/,
    that: (ours, theirs) => ours === "range not satisfiable" && theirs.includes("Unspecified error"),
  },
  {
    why: "a HEAD without words",
    of: /^R2 head \.error$/,
    that: (ours, theirs) => ours.startsWith("Unknown") && theirs === "bad key",
  },
  {
    why: "limits of a list over S3",
    of: /^R2 list \.(error|value)$/,
    that: (ours, theirs, { limit }) => limit > 1000,
  },
  { why: "spellings of one key", of: /^R2 spellings \.value\.found$/, that: (ours) => ours === true },
];
