import { isRecord } from "../../../text/loose-json.ts";

type Loose = Record<string, unknown>;

/** Texts that come whole, and again with each chunk at some hosts; every other one comes in pieces. */
const WHOLE = new Set([
  "id",
  "object",
  "model",
  "role",
  "type",
  "name",
  "finish_reason",
  "system_fingerprint",
]);

/** The completion that the chunks of a stream amount to. */
export function buildDocument(chunks: readonly Loose[]): Loose {
  const { choices = [], ...rest } = chunks
    .map(withIndexes)
    .reduce((all, chunk) => merged(all, chunk) as Loose, {});
  return {
    ...rest,
    object: "chat.completion",
    choices: (choices as Loose[]).map(({ delta = {}, ...choice }) => ({
      ...choice,
      message: messageOf(delta as Loose),
    })),
  };
}

/** Some hosts leave the index of the only choice out. */
function withIndexes(chunk: Loose): Loose {
  const choices = (Array.isArray(chunk.choices) ? chunk.choices : []).filter(isRecord);
  return { ...chunk, choices: choices.map((choice) => ({ index: 0, ...choice })) };
}

function messageOf({ tool_calls: calls, ...delta }: Loose): Loose {
  return {
    role: "assistant",
    content: null,
    ...delta,
    // An index is for the chunks of a stream; JSON leaves it out.
    ...(Array.isArray(calls) && { tool_calls: calls.map((call: Loose) => ({ ...call, index: undefined })) }),
  };
}

/** Two values of a member: texts in pieces are joined, lists by the `index` of their entries, else the later one counts. */
function merged(one: unknown, other: unknown, name = ""): unknown {
  if (other === null || other === undefined) return one === undefined ? other : one;
  if (one === null || one === undefined) return Array.isArray(other) ? mergedLists([], other) : other;
  if (typeof one === "string" && typeof other === "string")
    return WHOLE.has(name) ? (other === "" ? one : other) : one + other;
  if (Array.isArray(one) || Array.isArray(other)) return mergedLists(parts(one), parts(other));
  if (!isRecord(one) || !isRecord(other)) return other;
  if (name === "usage") return other;
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((each) => [each, merged(one[each], other[each], each)]));
}

/** Content comes as text, as parts, or first as the one and then as the other. */
const parts = (content: unknown): unknown[] =>
  Array.isArray(content) ? content : [{ type: "text", text: content }];

function mergedLists(one: readonly unknown[], other: readonly unknown[]): unknown[] {
  const list = [...one];
  for (const entry of other) {
    const index = isRecord(entry) ? entry.index : undefined;
    const at = index === undefined ? -1 : list.findIndex((each) => isRecord(each) && each.index === index);
    if (at < 0) list.push(entry);
    else list[at] = merged(list[at], entry);
  }
  return list;
}
