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

/** The completion that the chunks of a stream amount to. Takes linear time, and the chunks: they are parts of it. */
export function buildDocument(chunks: readonly Loose[]): Loose {
  const merge = createMerge();
  const { choices = [], ...rest } = chunks
    .map(withIndexes)
    .reduce((all, chunk) => merge(all, chunk) as Loose, {});
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

/**
 * Merges two values of a member: texts in pieces are joined, lists by the `index` of their entries, else the later one
 * counts. Changes the first value: to copy it at each chunk would take quadratic time.
 */
function createMerge(): (one: unknown, other: unknown) => unknown {
  /** Where each list has the entry of an index. */
  const places = new WeakMap<unknown[], Map<unknown, number>>();

  function merged(one: unknown, other: unknown, name = ""): unknown {
    if (other === null || other === undefined) return one === undefined ? other : one;
    if (one === null || one === undefined) return Array.isArray(other) ? mergedLists([], other) : other;
    if (typeof one === "string" && typeof other === "string")
      return WHOLE.has(name) ? (other === "" ? one : other) : one + other;
    if (Array.isArray(one) || Array.isArray(other)) return mergedLists(parts(one), parts(other));
    if (!isRecord(one) || !isRecord(other) || name === "usage") return other;
    for (const each of Object.keys(other)) {
      // Would set the prototype.
      if (each === "__proto__") continue;
      one[each] = merged(Object.hasOwn(one, each) ? one[each] : undefined, other[each], each);
    }
    return one;
  }

  function mergedLists(one: unknown[], other: readonly unknown[]): unknown[] {
    let at = places.get(one);
    if (!at) {
      at = new Map(one.map((entry, place) => [indexOf(entry), place]));
      places.set(one, at);
    }
    for (const entry of other) {
      const index = indexOf(entry);
      const place = index === undefined ? undefined : at.get(index);
      if (place === undefined) at.set(index, one.push(entry) - 1);
      else one[place] = merged(one[place], entry);
    }
    return one;
  }

  return merged;
}

const indexOf = (entry: unknown) => (isRecord(entry) ? entry.index : undefined);

/** Content comes as text, as parts, or first as the one and then as the other. */
const parts = (content: unknown): unknown[] =>
  Array.isArray(content) ? content : [{ type: "text", text: content }];
