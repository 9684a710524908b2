import { isRecord, parsed, record } from "../../text/loose-json.ts";
import { savedImagesOf } from "./images.ts";
import type { Before, SavedRecord } from "./record.ts";
import { titleOf } from "./title.ts";

/** What a line is: `unknown` was written by a newer program, `broken` by none. */
export type Decoded = SavedRecord | { is: "unknown" } | { is: "broken" };

const isTime = (value: unknown): value is string =>
  typeof value === "string" && !Number.isNaN(Date.parse(value));
const isText = (value: unknown): value is string => typeof value === "string";
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const textOrNull = (value: unknown) => (isText(value) ? value : null);
const isBefore = (value: unknown): value is Before =>
  isRecord(value) &&
  isCount(value.bytes) &&
  isCount(value.turns) &&
  (value.title === null || isText(value.title)) &&
  (value.at === null || isTime(value.at));

/** In place of a `before` that is missing or was edited. No file is so long, so that readers count all records. */
const noBefore: Before = { bytes: Number.MAX_SAFE_INTEGER, turns: 0, title: null, at: null };

function headerOf(value: Record<string, unknown>): Decoded {
  const { version, id, server, username, created_at } = value;
  if (!isCount(version) || !isText(id) || !isText(server) || !isTime(created_at)) return { is: "broken" };
  return { is: "conversation", version, id, server, username: textOrNull(username), created_at };
}

function turnOf(value: Record<string, unknown>): Decoded {
  const { id, at, question, answer, tokens_deducted, asked_model, finish, before } = value;
  const { parent, replaces, turns } = value;
  const images = savedImagesOf(value.images);
  if (!isText(id) || !isTime(at) || !isText(question) || !isText(answer)) return { is: "broken" };
  return {
    is: "turn",
    id,
    at,
    question,
    answer,
    stopped: value.stopped === true,
    tokens_deducted: typeof tokens_deducted === "number" ? tokens_deducted : null,
    model: textOrNull(value.model),
    ...(isText(asked_model) ? { asked_model } : {}),
    ...(isText(finish) ? { finish } : {}),
    ...(images.length > 0 ? { images } : {}),
    ...(isText(parent) || parent === null ? { parent } : {}),
    ...(isText(replaces) ? { replaces } : {}),
    ...(isCount(turns) ? { turns } : {}),
    before: isBefore(before) ? before : noBefore,
  };
}

function chosenOf(value: Record<string, unknown>): Decoded {
  const { at, turn, turns, by, before } = value;
  if (!isTime(at) || !isText(turn) || !isCount(turns) || !isText(by)) return { is: "broken" };
  return { is: "chosen", at, turn, turns, by, before: isBefore(before) ? before : noBefore };
}

function askingOf(value: Record<string, unknown>): Decoded {
  const { at, by, host, pid, over } = value;
  if (!isTime(at) || !isText(by) || !isText(host) || !isCount(pid)) return { is: "broken" };
  return { is: "asking", at, by, host, pid, ...(over === true ? { over } : {}) };
}

function titleRecordOf(value: Record<string, unknown>): Decoded {
  const { at, title, before } = value;
  if (!isTime(at) || !isText(title)) return { is: "broken" };
  return { is: "title", at, title: titleOf(title), before: isBefore(before) ? before : noBefore };
}

function pinOf(value: Record<string, unknown>): Decoded {
  const { at, pinned, before } = value;
  if (!isTime(at) || typeof pinned !== "boolean") return { is: "broken" };
  return { is: "pin", at, pinned, before: isBefore(before) ? before : noBefore };
}

function roleRecordOf(value: Record<string, unknown>): Decoded {
  const { at, name, instructions, before } = value;
  if (!isTime(at)) return { is: "broken" };
  const role =
    isText(name) && isText(instructions) ? { name, instructions } : { name: null, instructions: null };
  return { is: "role", at, ...role, before: isBefore(before) ? before : noBefore };
}

function summaryOf(value: Record<string, unknown>): Decoded {
  const { at, turn, turns, text, tokens_deducted, before } = value;
  if (!isTime(at) || !isText(turn) || !isCount(turns) || !isText(text)) return { is: "broken" };
  return {
    is: "summary",
    at,
    turn,
    turns,
    text,
    tokens_deducted: typeof tokens_deducted === "number" ? tokens_deducted : null,
    model: textOrNull(value.model),
    before: isBefore(before) ? before : noBefore,
  };
}

function recordOf(text: string): Decoded {
  const value = record(parsed(text));
  switch (value?.is) {
    case "conversation":
      return headerOf(value);
    case "turn":
      return turnOf(value);
    case "title":
      return titleRecordOf(value);
    case "chosen":
      return chosenOf(value);
    case "pin":
      return pinOf(value);
    case "role":
      return roleRecordOf(value);
    case "summary":
      return summaryOf(value);
    case "asking":
      return askingOf(value);
    default:
      return { is: isText(value?.is) ? "unknown" : "broken" };
  }
}

/** Quotes inside a text are escaped, so this matches only where a record begins. */
const beginning = /(?=\{"is":")/;

/**
 * The records of a line: one, or none if it is blank. Several if a write was cut short (a full disk) and another program
 * appended to the same line. Never throws.
 */
export function decode(bytes: Uint8Array | string): Decoded[] {
  const line = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes);
  if (line.trim() === "") return [];
  const whole = recordOf(line);
  return whole.is === "broken" ? line.split(beginning).map(recordOf) : [whole];
}
