import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ReplyTooLong } from "./reply-body.ts";

/** Longest event that is read, in bytes from blank line to blank line. */
const EVENT_BYTES = 1024 * 1024;

/**
 * The server-sent events of a reply, each as soon as its blank line has come; the last one may have none. ReplyTooLong for
 * an event of more than `longest` bytes. Takes linear time, however the bytes are split.
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  longest = EVENT_BYTES,
): AsyncGenerator<EventSourceMessage, void, undefined> {
  const found: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => found.push(event) });
  const decoder = new TextDecoder();
  const withLineFeeds = createLineFeeds();
  const measure = createMeter(longest);
  for await (const piece of body) {
    measure(piece);
    parser.feed(withLineFeeds(decoder.decode(piece, { stream: true })));
    yield* found.splice(0);
  }
  parser.feed(`${withLineFeeds(decoder.decode())}\n\n`);
  yield* found.splice(0);
}

/**
 * Writes every line end as LF. From each line on the parser searches for CR and for LF, which takes quadratic time if a
 * piece has many of one and none of the other; and it holds back a line that ends in CR.
 */
function createLineFeeds(): (text: string) => string {
  let afterReturn = false;
  return (text) => {
    const rest = afterReturn && text.startsWith("\n") ? text.slice(1) : text;
    if (text !== "") afterReturn = text.endsWith("\r");
    return rest.includes("\r") ? rest.replace(/\r\n?/g, "\n") : rest;
  };
}

/** Counts the bytes of each event; ReplyTooLong beyond `longest`. */
function createMeter(longest: number): (piece: Uint8Array) => void {
  const [LF, CR] = [0x0a, 0x0d];
  let event = 0;
  let last = LF;
  let lineIsEmpty = true;
  return (piece) => {
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at]!;
      const isSecondOfPair = byte === LF && last === CR;
      const endsLine = byte === LF || byte === CR;
      last = byte;
      if (isSecondOfPair) continue;
      event = endsLine && lineIsEmpty ? 0 : event + 1;
      lineIsEmpty = endsLine;
      if (event > longest) throw new ReplyTooLong("an event of the reply", longest);
    }
  };
}
