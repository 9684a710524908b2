import { describe, expect, test } from "vitest";
import { createEventReader } from "../../../../src/server/providers/read-events.ts";

/** A reader whose events are collected. */
function open(longest?: number) {
  const found: { event: string | undefined; data: string }[] = [];
  const { push, end } = createEventReader(({ event, data }) => void found.push({ event, data }), longest);
  return { found, push: (piece: string | Uint8Array) => push(Buffer.from(piece as string)), end };
}

function eventsOf(pieces: Iterable<string | Uint8Array>, longest?: number) {
  const { found, push, end } = open(longest);
  for (const piece of pieces) push(piece);
  end();
  return found;
}

const TEXT = "event: first\ndata: größe 👋🏽\n\n: a comment\n\ndata: one\ndata: two\n\n";
const EVENTS = [
  { event: "first", data: "größe 👋🏽" },
  { event: undefined, data: "one\ntwo" },
];
const lineEnds: [string, string][] = [
  ["LF", "\n"],
  ["CR", "\r"],
  ["CR LF", "\r\n"],
];

describe.each(lineEnds)("with %s at the end of lines", (_name, end) => {
  const bytes = Buffer.from(TEXT.replaceAll("\n", end));

  test("events are complete, however their bytes are split", () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(eventsOf(pieces), `every ${size} bytes`).toEqual(EVENTS);
    }
  });

  test("an event comes with its blank line, before more bytes", () => {
    const { found, push } = open();
    push(`data: a${end}${end}`);
    expect(found).toEqual([{ event: undefined, data: "a" }]);
  });

  test("an event without a blank line is refused when it is too long", () => {
    const cases: [string, string, string][] = [
      ["lines without a blank one between", `:${"x".repeat(98)}`, ""],
      ["pieces that each begin with a line end", "", "x".repeat(99)],
    ];
    for (const [what, before, after] of cases) {
      const { push } = open(1000);
      const pushAll = () => {
        for (let taken = 0; taken <= 1200; taken += 100) push(before + end + after);
      };
      expect(pushAll, what).toThrow(expect.objectContaining({ name: "ReplyTooLong" }));
    }
  });

  test("any number of short events is read, also when a blank line is split", () => {
    const pieces = Array.from({ length: 100 }, () => [`data: ${"x".repeat(80)}${end}`, end]).flat();
    expect(eventsOf(pieces, 200)).toHaveLength(100);
  });

  test("an event in a quarter of a million pieces is read in linear time", () => {
    const letters = Array.from({ length: 2 ** 18 }, () => "x");
    const data = letters.join("");
    expect(eventsOf(["data: ", ...letters, end, end])).toEqual([{ event: undefined, data }]);
  });

  test("a piece of nothing but line ends is read in linear time", () => {
    expect(eventsOf(Array.from({ length: 16 }, () => end.repeat(2 ** 18)))).toEqual([]);
  });
});

test("the last event needs no blank line", () => {
  for (const text of ["data: a\n\ndata: [DONE]", "data: a\n\ndata: [DONE]\n"]) {
    expect(eventsOf([text]).map(({ data }) => data)).toEqual(["a", "[DONE]"]);
  }
});

test("events without data are ignored", () => {
  expect(eventsOf(["event: ping\n\nevent: error\n\n: ping\n\n"])).toEqual([]);
});
