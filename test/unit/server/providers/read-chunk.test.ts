import { describe, expect, test } from "vitest";
import { readChoice } from "../../../../src/server/providers/read-choice.ts";
import { createChunkReader } from "../../../../src/server/providers/read-chunk.ts";

type Fields = { choice?: object; delta?: object; document?: object };

/** A chunk of a stream; the fields come after the ones that it has anyway. */
function chunk(content: unknown, { choice, delta, document }: Fields = {}): string {
  return JSON.stringify({
    id: "a",
    choices: [{ index: 0, delta: { content, ...delta }, finish_reason: null, ...choice }],
    ...document,
  });
}

/** What each chunk reads as, and each alone by the parser. */
function readBoth(chunks: string[]) {
  const read = createChunkReader();
  return {
    read: chunks.map((data) => ({ ...read(data) })),
    alone: chunks.map((data) => readChoice(JSON.parse(data), "delta")),
  };
}

const spaced = (data: string) => data.replaceAll('":', '": ').replaceAll(",", ", ");

const alike = [
  "word",
  "a",
  "",
  " ",
  'say "no"',
  "\\",
  "line\n",
  "naïve \u{1f600}",
  "a longer text than V8 copies",
  "a",
];

describe("each chunk of a stream reads as it does alone", () => {
  test.each<[string, string[]]>([
    ["with the same fields", alike.map((text) => chunk(text))],
    ["with spaces", alike.map((text) => spaced(chunk(text)))],
    [
      "with other escapes than ours",
      ["a\u00e9", "b\u00e9", "c/d"].map((text) =>
        chunk(text).replace("\u00e9", "\\u00e9").replace("/", "\\/"),
      ),
    ],
    ["with a field that changes", alike.map((text, at) => chunk(text, { document: { x: at } }))],
    ["whose text stands elsewhere, too", ["a", "b", "a", "id", "choices"].map((text) => chunk(text))],
    [
      "whose text is the reason",
      ["stop", "b", "stop"].map((text) => chunk(text, { choice: { finish_reason: "stop" } })),
    ],
    ["with the text of a refusal", ["a", "b"].map((text) => chunk(null, { delta: { refusal: text } }))],
    [
      "with a refusal behind the text",
      ["a", "", "b"].map((text) => chunk(text, { delta: { refusal: "no" } })),
    ],
    [
      "with two contents",
      ["a", "b"].map((text) => chunk("x").replace('"x"', `"a","content":${JSON.stringify(text)}`)),
    ],
    ["with parts", ["a", "b"].map((text) => chunk([{ type: "text", text }]))],
    ["with several parts", ["a", "b"].map((text) => chunk([{ type: "text", text }, "a"]))],
    [
      "with another choice's text",
      ["a", "b"].map((text) => chunk("a", { document: { z: [{ content: text }] } })),
    ],
    ["with a text that is structure", [",", ":", "a", "],", ","].map((text) => chunk(text))],
    [
      "with an id that is the text and changes",
      ["a", "b", "c"].map((id) => chunk("a").replace('"id":"a"', `"id":"${id}"`)),
    ],
    ["with an end", [chunk("a"), chunk("b"), chunk("c", { choice: { finish_reason: "stop" } }), chunk("d")]],
    [
      "with fields in the text's place",
      [chunk("a"), chunk("a").replace('"a"}', '"b","refusal":"c"}'), chunk("a")],
    ],
    ["with no string in the text's place", [chunk("a"), chunk(7), chunk(null), chunk(["b"]), chunk("b")]],
  ])("%s", (_, chunks) => {
    const { read, alone } = readBoth(chunks);
    expect(read).toEqual(alone);
  });
});

test("what is not JSON is refused, also where only the text is broken", () => {
  const read = createChunkReader();
  expect(read(chunk("a")).text).toBe("a");
  for (const broken of ['"b', '"\n"', '"b""', "b", ""])
    expect(() => read(chunk("a").replace(/"a"(?=})/, broken))).toThrow(SyntaxError);
  expect(read(chunk("b")).text).toBe("b");
});
