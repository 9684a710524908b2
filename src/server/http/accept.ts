interface Range {
  type: string;
  /** 0–1. */
  q: number;
  /** Position in the header. */
  place: number;
}

/** One entry of an Accept header; undefined if it is malformed. */
function parseRange(entry: string, place: number): Range | undefined {
  const [type = "", ...parameters] = entry.split(";").map((part) => part.trim().toLowerCase());
  if (!type.includes("/")) return undefined;
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  const q =
    weight === undefined
      ? 1
      : /^q=(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight)
        ? Number(weight.slice(2))
        : NaN;
  return Number.isNaN(q) ? undefined : { type, q, place };
}

/** Of several ranges that match, the most specific one decides (RFC 9110 §12.5.1). */
const closest = (ranges: Range[], types: string[]) =>
  types.map((type) => ranges.find((range) => range.type === type)).find((range) => range !== undefined);

/**
 * Whether a client wants events: it must name `text/event-stream` and prefer it to JSON by q-value, then by position.
 * Otherwise it gets JSON, never 406 (docs/http-api.md#streaming).
 */
export function wantsEvents(accept: string): boolean {
  if (!/event-stream/i.test(accept)) return false;
  const ranges = accept
    .split(",")
    .map(parseRange)
    .filter((range) => range !== undefined);
  const events = closest(ranges, ["text/event-stream"]);
  if (!events || events.q === 0) return false;
  const json = closest(ranges, ["application/json", "application/*", "*/*"]);
  if (!json || events.q > json.q) return true;
  return events.q === json.q && events.place < json.place;
}
