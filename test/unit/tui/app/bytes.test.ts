import { expect, it } from "vitest";
import type { AnswerEvent } from "../../../../src/client/http/contract.ts";
import { createFakeClient } from "../../session/fake-client.ts";
import { leave, start } from "./drawn-session.ts";

const WORDS = 10;
const LINES = 6;

it("writes as few bytes for a word of a long answer as for one of a short answer", async () => {
  const client = createFakeClient();
  const counts: number[] = [];
  client.ask = async function* ask(): AsyncGenerator<AnswerEvent, void, undefined> {
    for (let line = 0; line < LINES; line += 1) {
      for (let at = 0; at < WORDS; at += 1) {
        const word = `w${line}-${at}`;
        const before = session.bytes().length;
        yield { type: "delta", text: `${word}${at === WORDS - 1 ? "\n\n" : " "}` };
        await session.shows(word);
        counts.push(session.bytes().length - before);
      }
      // A long answer between the first lines and the last.
      if (line === LINES / 2) yield { type: "delta", text: "A line.\n\n".repeat(500) };
    }
    yield { type: "done", response: "", tokensDeducted: 100, tokens: 3900 };
  };
  const session = start({ client });
  await session.shows("40 questions");
  session.type("go\r");
  await session.shows("39 questions");
  await leave(session);
  // The fewest, because the picture of waiting and its seconds change beside some of the words.
  expect(Math.min(...counts.slice(0, 2 * WORDS))).toBeLessThanOrEqual(220);
  expect(Math.min(...counts.slice(-2 * WORDS))).toBeLessThanOrEqual(220);
});
