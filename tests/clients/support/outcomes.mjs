// What came of a call or a stream.
import assert from "node:assert/strict";

export async function failureOf(promise) {
  const [outcome] = await Promise.allSettled([promise]);
  assert.equal(outcome.status, "rejected");
  return outcome.reason;
}

export async function piecesOf(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

// Of OpenAI's chunks, those without choices included.
export function textOf(chunks) {
  return chunks.map((chunk) => chunk.choices?.[0]?.delta?.content ?? "").join("");
}
