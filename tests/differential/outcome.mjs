// What came of an operation, in a form that both sides share, and where two such outcomes differ.

// {value} or {error}, of a promise; `explain` turns what was thrown into text.
export async function outcome(work, explain) {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: explain(thrown) };
  }
}

// [{aspect, ours, theirs}]; list items are one aspect, whichever they are.
export function differences(ours, theirs, aspect = "") {
  if (isRecord(ours) && isRecord(theirs)) {
    const names = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...names].flatMap((name) => differences(ours[name], theirs[name], `${aspect}.${name}`));
  }
  if (Array.isArray(ours) && Array.isArray(theirs) && ours.length === theirs.length) {
    return ours.flatMap((item, i) => differences(item, theirs[i], `${aspect}[]`));
  }
  return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ aspect, ours, theirs }];
}

function isRecord(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
