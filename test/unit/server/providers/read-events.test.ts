import { describe, expect, test } from "vitest";
import { readEvents } from "../../../../src/server/providers/read-events.ts";

/** A body that counts what is taken of it. */
function body(pieces: Iterable<string | Uint8Array>) {
  const taken = { bytes: 0 };
  async function* read() {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece as string);
      taken.bytes += bytes.length;
      yield bytes;
    }
  }
  return { read, taken };
}

async function eventsOf(pieces: Iterable<string | Uint8Array>, longest?: number) {
  const found: { event: string | undefined; data: string }[] = [];
  for await (const { event, data } of readEvents(body(pieces).read(), longest)) found.push({ event, data });
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

  test("events are complete, however their bytes are split", async () => {
    for (const size of [1, 2, 3, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      expect(await eventsOf(pieces), `every ${size} bytes`).toEqual(EVENTS);
    }
  });

  test("an event comes with its blank line, before more bytes", async () => {
    let more = 0;
    async function* pieces() {
      yield Buffer.from(`data: a${end}${end}`);
      more += 1;
    }
    const events = readEvents(pieces());
    expect((await events.next()).value).toMatchObject({ data: "a" });
    expect(more).toBe(0);
  });

  test("an event without a blank line is refused when it is too long", async () => {
    const cases: [string, string, string][] = [
      ["lines without a blank one between", `:${"x".repeat(98)}`, ""],
      ["pieces that each begin with a line end", "", "x".repeat(99)],
    ];
    for (const [what, before, after] of cases) {
      const endless = Array.from({ length: 100 }, () => before + end + after);
      const { read, taken } = body(endless);
      await expect(readEvents(read(), 1000).next(), what).rejects.toMatchObject({ name: "ReplyTooLong" });
      expect(taken.bytes, what).toBeLessThanOrEqual(1200);
    }
  });

  test("any number of short events is read, also when a blank line is split", async () => {
    const pieces = Array.from({ length: 100 }, () => [`data: ${"x".repeat(80)}${end}`, end]).flat();
    expect(await eventsOf(pieces, 200)).toHaveLength(100);
  });

  test("an event in a quarter of a million pieces is read in linear time", async () => {
    const letters = Array.from({ length: 2 ** 18 }, () => "x");
    const data = letters.join("");
    expect(await eventsOf(["data: ", ...letters, end, end])).toEqual([{ event: undefined, data }]);
  });

  test("a piece of nothing but line ends is read in linear time", async () => {
    expect(await eventsOf(Array.from({ length: 16 }, () => end.repeat(2 ** 18)))).toEqual([]);
  });
});

test("the last event needs no blank line", async () => {
  for (const text of ["data: a\n\ndata: [DONE]", "data: a\n\ndata: [DONE]\n"]) {
    expect((await eventsOf([text])).map(({ data }) => data)).toEqual(["a", "[DONE]"]);
  }
});

test("a byte order mark at the beginning is ignored", async () => {
  expect(await eventsOf(["\ufeffdata: a\n\n"])).toEqual([{ event: undefined, data: "a" }]);
});

test("events without data are ignored", async () => {
  expect(await eventsOf(["event: ping\n\nevent: error\n\n: ping\n\n"])).toEqual([]);
});
