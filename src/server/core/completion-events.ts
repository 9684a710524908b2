import { isRecord } from "../../text/loose-json.ts";

type Loose = Record<string, unknown>;

/** Data as an event. A line end in it needs a line of its own. */
export const eventOf = (data: string): string =>
  data.includes("\n") ? `data: ${data.replaceAll("\n", "\ndata: ")}\n\n` : `data: ${data}\n\n`;

/** A whole completion as the events of a stream: `now` has all that its choices say, `tail` how they end. */
export function eventsOf(document: Loose): { now: string; tail: string; usage: string } {
  const { choices, usage, ...rest } = document;
  const found = (Array.isArray(choices) ? choices : []).filter(isRecord);
  const event = (choices: Loose[], more: Loose = {}) =>
    eventOf(JSON.stringify({ ...rest, object: "chat.completion.chunk", choices, ...more }));
  const said = found.map(({ message, ...choice }) => ({
    ...choice,
    delta: deltaOf(isRecord(message) ? message : {}),
    finish_reason: null,
  }));
  const ends = found.map(({ index, finish_reason }) => ({ index, delta: {}, finish_reason }));
  const hasEnd = ends.some(({ finish_reason }) => finish_reason !== undefined && finish_reason !== null);
  return {
    now: event(said),
    tail: hasEnd ? event(ends) : "",
    usage: isRecord(usage) ? event([], { usage }) : "",
  };
}

/** Calls have an index in a stream. */
function deltaOf({ tool_calls: calls, ...message }: Loose): Loose {
  return {
    ...message,
    ...(Array.isArray(calls) && {
      tool_calls: calls.map((call: Loose, index) => ({ index, ...call })),
    }),
  };
}
