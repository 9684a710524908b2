import { StringDecoder } from "node:string_decoder";
import { createParser, type EventSourceMessage } from "eventsource-parser";
import { ReplyTooLong } from "./upstream-errors.ts";

/** Longest event that is read, in UTF-16 code units from blank line to blank line. */
const EVENT_CHARACTERS = 1024 * 1024;

/** Reads the bytes of server-sent events. */
export interface EventReader {
  push: (piece: Buffer) => void;
  /** No more bytes come: the last event needs no blank line. */
  end: () => void;
}

/**
 * Calls `onEvent` for each event with data, as soon as its blank line has come; what it throws, `push` throws. A line
 * `error: …`, as llama.cpp sent it until 2025, counts as the data of an event named `error`. ReplyTooLong once more than
 * `longest` code units have come without a blank line. Takes linear time, however the bytes are split.
 */
export function createEventReader(
  onEvent: (event: EventSourceMessage) => void,
  longest = EVENT_CHARACTERS,
): EventReader {
  const parser = createParser({
    onEvent,
    onError({ type, field, value = "" }) {
      if (type === "unknown-field" && field === "error")
        onEvent({ id: undefined, event: "error", data: value });
    },
  });
  const decoder = new StringDecoder("utf8");
  const withLineFeeds = createLineFeeds();
  const measure = createMeter(longest);
  return {
    push(piece) {
      const text = withLineFeeds(decoder.write(piece));
      if (text === "") return;
      measure(text);
      parser.feed(text);
    },
    end() {
      parser.feed(`${withLineFeeds(decoder.end())}\n\n`);
    },
  };
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

/** Counts what follows the last blank line; ReplyTooLong beyond `longest`. For text whose line ends are LF. */
function createMeter(longest: number): (text: string) => void {
  let length = 0;
  let afterLine = true;
  return (text) => {
    const blank = text.lastIndexOf("\n\n");
    if (blank >= 0) length = text.length - blank - 2;
    else if (afterLine && text.startsWith("\n")) length = text.length - 1;
    else length += text.length;
    afterLine = text.endsWith("\n");
    if (length > longest) throw new ReplyTooLong("an event of the reply", `${longest} characters`);
  };
}
