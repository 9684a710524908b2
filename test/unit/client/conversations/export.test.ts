import { marked } from "marked";
import { describe, expect, it } from "vitest";
import { toJson, toMarkdown } from "../../../../src/client/conversations/export.ts";
import type { Conversation } from "../../../../src/client/conversations/reader.ts";
import type { SavedTurn } from "../../../../src/client/conversations/saved-turn.ts";

const exchange = (rest: Partial<SavedTurn> = {}): SavedTurn => ({
  id: "t",
  question: "Where is *Rome*?\n\n# On the map",
  answer: "In **Italy**.",
  stopped: false,
  tokensDeducted: 100,
  model: "demo",
  at: Date.UTC(2026, 10, 22, 9),
  ...rest,
});
const conversation = (...exchanges: SavedTurn[]): Conversation => ({
  id: "abcd1234",
  title: "A <b> *title*",
  firstWords: "A question",
  server: "https://chat.example.org",
  username: "jane_doe",
  createdAt: Date.UTC(2026, 10, 22, 8),
  updatedAt: Date.UTC(2026, 10, 22, 9),
  turns: exchanges.length,
  pinned: false,
  exchanges,
});

describe("an exported conversation", () => {
  it("is one JSON document with null for what isn't known", () => {
    const text = toJson(conversation(exchange({ tokensDeducted: null, model: null, stopped: true })));
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toEqual({
      id: "abcd1234",
      title: "A <b> *title*",
      server: "https://chat.example.org",
      username: "jane_doe",
      created_at: "2026-11-22T08:00:00.000Z",
      updated_at: "2026-11-22T09:00:00.000Z",
      turns: [
        {
          question: "Where is *Rome*?\n\n# On the map",
          answer: "In **Italy**.",
          stopped: true,
          tokens_deducted: null,
          model: null,
          finish: null,
          images: [],
          at: "2026-11-22T09:00:00.000Z",
        },
      ],
    });
  });

  it("is Markdown: the title a heading, questions quoted, answers as they are", () => {
    expect(toMarkdown(conversation(exchange(), exchange({ question: "More?", stopped: true })))).toBe(
      [
        "# A \\<b\\> \\*title\\*",
        "https://chat.example.org",
        "---",
        "> Where is *Rome*?\n>\n> # On the map",
        "In **Italy**.",
        "---",
        "> More?",
        "In **Italy**.",
        "*stopped*\n",
      ]
        .join("\n\n")
        .replace("https", "jane\\_doe at https")
        .replace("example.org", "example.org, 2026-11-22, conversation abcd1234"),
    );
  });

  it("says of an answer that looks whole that it was cut", () => {
    const cut = conversation(exchange({ finish: "length" }));
    expect(toMarkdown(cut)).toMatch(/\n\n\*cut at the model's limit\*\n$/);
    expect(JSON.parse(toJson(cut)).turns).toMatchObject([{ finish: "length" }]);
    const filtered = conversation(exchange({ finish: "content_filter" }));
    expect(toMarkdown(filtered)).toMatch(/\n\n\*cut by the AI's content filter\*\n$/);
    expect(toMarkdown(conversation(exchange({ finish: "stop" })))).toBe(toMarkdown(conversation(exchange())));
  });

  it("closes the code that a stopped answer left open", () => {
    for (const answer of [
      "```js\ncode",
      "~~~~\n~~~\n```\ncode",
      "text\n   ````md\n```\n",
      "```a`b\n```\nx",
    ]) {
      const markdown = toMarkdown(
        conversation(exchange({ answer, stopped: true }), exchange({ question: "After" })),
      );
      const quotes = marked.lexer(markdown).filter(({ type }) => type === "blockquote");
      expect(quotes, answer).toHaveLength(2);
    }
  });

  it("adds nothing to an answer whose code is closed", () => {
    for (const answer of ["```js\ncode\n```", "`a` ``` b ```"]) {
      const markdown = toMarkdown(conversation(exchange({ answer })));
      expect(markdown).toContain(`\n\n${answer}\n`);
      expect(markdown.endsWith(`${answer}\n`), answer).toBe(true);
    }
  });
});
