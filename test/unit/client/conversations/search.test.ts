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
