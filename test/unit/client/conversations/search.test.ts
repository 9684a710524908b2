import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Found } from "../../../../src/client/conversations/search.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
beforeEach(async () => {
  place = await createPlace();
});
afterEach(() => place.remove());

async function held(...turns: [question: string, answer: string][]): Promise<string> {
  const conversations = place.conversations();
  const id = conversations.start(jane);
  for (const [question, answer] of turns) await conversations.append(id, turn("", { question, answer }));
  return id;
}

async function search(text: string): Promise<Found[]> {
  const found: Found[] = [];
  for await (const one of place.conversations().search(text)) found.push(one);
  return found;
}

describe("the search through conversations", () => {
  it("tells where the newest match stands and how many there are, latest conversation first", async () => {
    const rome = await held(
      ["Where is Rome?", "ROME is in Italy."],
      ["And Paris?", "In France, not near rome at all."],
    );
    await held(["Something else", "entirely"]);
    const other = await held(["rome", "yes"]);
    expect(await search("Rome")).toMatchObject([
      { conversation: { id: other }, where: "question", matches: 1, snippet: "rome" },
      {
        conversation: { id: rome },
        where: "answer",
        matches: 3,
        snippet: "In France, not near rome at all.",
      },
    ]);
    expect(await search("Berlin")).toEqual([]);
  });

  it.each([
    ["other capitals", "ÄPFEL", "Grüne äpfel"],
    ["composed and decomposed accents", "cafe\u0301", "ein CAFÉ am Platz"],
    ["accents in the text", "cafe", "ein CAFE\u0301 am Platz"],
    ["accents in the words", "Crème", "une creme brulee"],
    ["Greek accents and last letters", "λογοσ", "ὁ Λόγος"],
    ["Hebrew points", "שלום", "שָׁלוֹם"],
    ["the case of Cyrillic letters", "МЁД", "мед"],
    ["parts of words in scripts without spaces", "天気", "今日の天気は晴れです"],
    ["quotes and backslashes", 'say "c:\\\\x"', 'they say "c:\\\\x" often'],
    ["other white space", "two  words", "two\n\twords"],
    [
      "signs of regular expressions, taken as they are",
      "a.*(b)[c]{2}|^$\\/-",
      "so a.*(b)[c]{2}|^$\\/- it is",
    ],
    ["capitals that get longer in lower case", "x", "İİİİ x"],
  ])("heeds no %s", async (_, query, text) => {
    await held(["q", text]);
    expect(await search(query)).toHaveLength(1);
    expect(await search(`${query}nowhere`)).toEqual([]);
  });

  it("finds words in any order, in different turns, in the title and in other versions", async () => {
    const conversations = place.conversations();
    const id = await held(["Where is Rome?", "In Italy."], ["And Naples?", "South of it."]);
    const parent = (await conversations.read(id)).exchanges[0]!.id;
    const replaces = (await conversations.read(id)).exchanges[1]!.id;
    await conversations.append(id, turn("Bari", { parent, replaces }));
    await conversations.rename(id, "Holidays");
    expect(await search("naples rome")).toMatchObject([{ conversation: { id }, matches: 2 }]);
    expect(await search("BARI italy holiday")).toMatchObject([
      { where: "answer", snippet: "Bari!", matches: 3 },
    ]);
    expect(await search("rome paris")).toEqual([]);
  });

  it("quotes the text that holds most of the words, the latest of those", async () => {
    await held(["Rome", "by train"], ["Rome by train", "yes"], ["train", "by night"]);
    expect(await search("train rome")).toMatchObject([
      { where: "question", snippet: "Rome by train", matches: 4 },
    ]);
  });

  it.each([
    ["# The **bold** [needle](https://example.org/a)", "The bold needle"],
    ["> quoted `needle` and _more_", "quoted needle and more"],
    ["- [x] first\n- the *needle*\n1. last", "first the needle last"],
    ["```js\nneedle(2*3)\n```\nafter", "needle(2*3) after"],
    ["| a | needle |\n|---|:--|\n| c | d |", "a | needle c | d"],
    ["2*3*4 is the needle of snake_case_name", "2*3*4 is the needle of snake_case_name"],
    ["see ~~this~~ ***needle***.", "see this needle."],
  ])("quotes %j without signs of Markdown", async (answer, snippet) => {
    await held(["q", answer]);
    expect(await search("needle")).toMatchObject([{ snippet, at: snippet.indexOf("needle") }]);
  });

  it("quotes the address or the sign that was looked for", async () => {
    await held(["q", "a [link](https://example.org/needle) and **bold**"]);
    expect(await search("needle")).toMatchObject([
      { snippet: expect.stringContaining("example.org/needle") },
    ]);
    expect(await search("**bold**")).toMatchObject([{ snippet: expect.stringContaining("**bold**") }]);
  });

  it("takes signs for themselves", async () => {
    await held(["abc", "abc"]);
    expect(await search("a.c")).toEqual([]);
  });

  it("cuts a snippet around the match, on one line, without control sequences and half characters", async () => {
    const text = `${"👩".repeat(60)}\u001b[31m the\nneedle\u001b[0m here ${"👩".repeat(60)}`;
    await held(["q", text]);
    const [found] = await search("needle");
    expect(found!.snippet).toMatch(/^…👩+ the needle here 👩+…$/u);
    expect(found!.snippet.length).toBeLessThan(120);
    expect(found!.snippet.isWellFormed()).toBe(true);
  });

  it("finds a title that was given, also where no turn holds it", async () => {
    const id = await held(["a", "b"]);
    await place.conversations().rename(id, "Holidays");
    expect(await search("holiday")).toMatchObject([{ where: "title", matches: 0, snippet: "Holidays" }]);
  });

  it("refuses to look for nothing", async () => {
    await expect(search(" \n")).rejects.toMatchObject({ code: "usage" });
  });
});
