import { isRecord } from "../../../text/loose-json.ts";
import { placeIn, SEARCHES, textAt, type Place } from "../read-chunk.ts";
import { hasCall, readChoice } from "../read-choice.ts";

/** A chunk of a stream that is passed on. */
export interface RelayedChunk {
  /** What is passed on now, as JSON; "" if nothing is. */
  now: string;
  /** What is passed on once the answer is paid, as JSON: the end of the answer, or its usage. */
  finish?: string;
  usage?: string;
  /** It has text, a refusal or a call of a tool: it is the answer, or a part of it. */
  hasContent: boolean;
  text: string;
  hasCall: boolean;
  hasReasoning: boolean;
  /** Whether it has a `finish_reason`, and which; "" if none. */
  finished: boolean;
  reason: string;
}

/** Where a chunk has its text, before and after the change of the model's name. */
interface Relay {
  from: Place;
  to: Place;
}

/**
 * Reads the chunks of one stream and writes what is passed on: all as it came, with `name` as the name of the model, and the
 * `finish_reason` later. A chunk that is the one before with another text is not parsed. The result is valid until the next
 * call. Throws as `JSON.parse` and `readChoice` do.
 */
export function createChunkRelay(name: string): (data: string) => RelayedChunk {
  let relay: Relay | undefined;
  let searches = SEARCHES;
  let isFinished = false;
  const same: RelayedChunk = {
    now: "",
    hasContent: true,
    text: "",
    hasCall: false,
    hasReasoning: false,
    finished: false,
    reason: "",
  };
  return (data) => {
    const text = relay && textAt(relay.from, data);
    if (relay && text) {
      const { from, to } = relay;
      searches = SEARCHES;
      same.text = text;
      same.now = to.before + data.slice(from.before.length, data.length - from.after.length) + to.after;
      return same;
    }
    const document = JSON.parse(data) as Record<string, unknown>;
    const choice = readChoice(document, "delta");
    const { finished, reason, reasoning } = choice;
    const { text: said } = choice;
    const calls = hasCall(document, "delta");
    const hasContent = said !== "" || calls;
    const hasReasoning = reasoning !== "";
    const named = withName(data, document, name);
    const chunk = {
      now: named,
      hasContent,
      text: said,
      hasCall: calls,
      hasReasoning,
      finished,
      reason,
    };
    if (finished) {
      isFinished = true;
      if (!hasContent && !hasReasoning) return { ...chunk, now: "", finish: named };
      return { ...chunk, ...inTwo({ ...document, model: name }) };
    }
    if (isRecord(document.usage) && !hasContent && (isFinished || !hasChoices(document)))
      return { ...chunk, now: "", usage: named };
    if (text === undefined && said !== "" && searches > 0) {
      searches -= 1;
      const from = placeIn(data, choice);
      const to = from && placeIn(named, choice);
      if (to) relay = { from, to };
    }
    return chunk;
  };
}

const hasChoices = ({ choices }: Record<string, unknown>) => Array.isArray(choices) && choices.length > 0;

const MODEL = /"model"\s*:\s*"(?:[^"\\]|\\.)*"/g;

/** The JSON of a document with another name of its model. Nothing else of its bytes is changed, if the name has one place. */
function withName(data: string, document: Record<string, unknown>, name: string): string {
  if (document.model === undefined || document.model === name) return data;
  if (typeof document.model === "string" && data.match(MODEL)?.length === 1)
    return data.replace(MODEL, () => `"model":${JSON.stringify(name)}`);
  return JSON.stringify({ ...document, model: name });
}

/** A chunk with content and a `finish_reason`: the content now, the reason later. */
function inTwo(document: Record<string, unknown>): Pick<RelayedChunk, "now" | "finish"> {
  const choices = (Array.isArray(document.choices) ? document.choices : []).filter(isRecord);
  const { usage: _, ...rest } = document;
  return {
    now: JSON.stringify({ ...rest, choices: choices.map((choice) => ({ ...choice, finish_reason: null })) }),
    finish: JSON.stringify({
      ...document,
      choices: choices.map(({ index, finish_reason }) => ({ index, delta: {}, finish_reason })),
    }),
  };
}
