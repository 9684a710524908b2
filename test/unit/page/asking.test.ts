import { describe, expect, test } from "vitest";
import { askAgain } from "../../../src/page/ask-again.ts";
import { createConversation } from "../../../src/page/conversation.ts";
import { Failure, lost, problemOf, refusalWords, stopped } from "../../../src/page/failure.ts";

/** docs/browser.md#refused-questions */

const signal = new AbortController().signal;
const refused = (code: string, status: number, retryAfter?: number) =>
  problemOf(
    JSON.stringify({ status, code, detail: `It is ${code}.` }),
    status,
    new Headers(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
  );

/** Asks with these outcomes in turn; resolves to the end, and the seconds that were waited. */
async function outcomeOf(...outcomes: (Failure | string)[]) {
  const waits: number[] = [];
  const asked = askAgain(
    async () => {
      const next = outcomes.shift()!;
      if (next instanceof Failure) throw next;
      return next;
    },
    { signal, sleep: async (ms) => void waits.push(ms / 1000), onWait: () => {} },
  );
  const end = await asked.catch((error: Failure) => [error.code, error.details.mayHaveCost]);
  return { end, waits };
}

describe("a question is asked again", () => {
  test("when the connection was lost, three times at most, and may have cost something then", async () => {
    expect(await outcomeOf(lost(), "fine")).toEqual({ end: "fine", waits: [1] });
    expect(await outcomeOf(lost(), lost(), lost(), "fine")).toEqual({ end: ["lost", true], waits: [1, 2] });
    expect(await outcomeOf(lost(), refused("upstream_error", 502))).toEqual({
      end: ["upstream_error", true],
      waits: [1],
    });
    // A key that was charged never gets a 402.
    expect(await outcomeOf(lost(), refused("insufficient_tokens", 402))).toEqual({
      end: ["insufficient_tokens", false],
      waits: [1],
    });
  });

  test.each([
    ["rate_limited", 429],
    ["request_in_progress", 409],
    ["tokens_held", 402],
    ["overloaded", 503],
  ])("after %s, when the server says", async (code, status) => {
    expect(await outcomeOf(refused(code, status, 7), "fine")).toEqual({ end: "fine", waits: [7] });
    expect((await outcomeOf(refused(code, status, 31))).waits).toEqual([]);
    expect((await outcomeOf(refused(code, status))).waits).toEqual([]);
  });

  test("not after a refusal that stays", async () => {
    for (const failure of [
      refused("insufficient_tokens", 402),
      refused("invalid_request", 400, 1),
      refused("upstream_error", 502, 1),
      stopped(),
    ])
      expect((await outcomeOf(failure)).waits).toEqual([]);
  });

  test("not when it was stopped meanwhile", async () => {
    const asked = askAgain(() => Promise.reject(lost()), {
      signal,
      sleep: () => Promise.reject(new Error("aborted")),
      onWait: () => {},
    });
    await expect(asked).rejects.toMatchObject({ code: "stopped", details: { mayHaveCost: true } });
  });
});

describe("a conversation", () => {
  const model = { name: "m", limits: { message: 100, context: 100, turns: 200 } };
  const begin = () => {
    let keys = 0;
    return createConversation(() => `key-${(keys += 1)}`);
  };

  test("keeps the key of a question that failed, as long as it is the same", () => {
    const conversation = begin();
    const first = conversation.question("a", model);
    expect(conversation.question("a", model)).toEqual(first);
    expect(conversation.question("b", model).key).toBe("key-2");
    expect(conversation.question("b", { ...model, name: "n" }).key).toBe("key-3");
    conversation.spent();
    expect(conversation.question("b", { ...model, name: "n" }).key).toBe("key-4");
    conversation.answered("c");
    expect(conversation.question("b", { ...model, name: "n" }).key).toBe("key-5");
  });

  test("asks a stopped question again as it was, and forgets its part of an answer", () => {
    const conversation = begin();
    const asked = conversation.question("a", model);
    expect(conversation.again()).toBeUndefined();
    conversation.stopped("half");
    expect(conversation.again()).toEqual(asked);
    expect(conversation.again()).toBeUndefined();
    conversation.answered("whole");
    expect(conversation.question("b", model).body.history).toEqual([
      { role: "user", content: "a" },
      { role: "assistant", content: "whole" },
    ]);
  });

  test("goes on from a stopped answer, and then it cannot be asked again", () => {
    const conversation = begin();
    conversation.question("a", model);
    conversation.stopped("half");
    expect(conversation.question("b", model).body.history).toHaveLength(2);
    expect(conversation.again()).toBeUndefined();
  });

  test("sends no more than the model takes", () => {
    const conversation = begin();
    for (const answer of ["x".repeat(60), "y".repeat(30)]) {
      conversation.question("q", model);
      conversation.answered(answer);
    }
    const sent = (limits: { context: number; turns: number }) =>
      conversation.question("z", { ...model, limits: { ...model.limits, ...limits } }).body.history;
    expect(sent({ context: 100, turns: 200 })).toHaveLength(4);
    expect(sent({ context: 50, turns: 200 })).toEqual([
      { role: "user", content: "q" },
      { role: "assistant", content: "y".repeat(30) },
    ]);
    expect(sent({ context: 100, turns: 3 })).toHaveLength(2);
    expect(sent({ context: 0, turns: 200 })).toEqual([]);
  });
});

describe("the words for a refusal", () => {
  test("name the time to wait, what is left, the next refill, and what was charged", () => {
    expect(refusalWords(refused("rate_limited", 429, 899))).toEqual([
      "It is rate_limited.",
      "Try again in 15 minutes.",
      "Nothing was charged. The question is still here.",
    ]);
    const poor = problemOf(
      JSON.stringify({
        status: 402,
        code: "insufficient_tokens",
        detail: "No.",
        tokens: 50,
        held: 0,
        required: 100,
      }),
      402,
      new Headers({ "Tokens-Next": "1000", "Tokens-Next-At": "2030-01-02T00:00:00Z" }),
    );
    expect(refusalWords(poor)[0]).toBe("There are not enough tokens.");
    expect(refusalWords(poor)[1]).toBe("50 tokens left, this question costs 100.");
    expect(refusalWords(poor)[2]).toMatch(/^You get 1,000 tokens on Jan [12], 2030/);
    expect(refusalWords(refused("payload_too_large", 413))[1]).toMatch(/^Shorten the question/);
    expect(refusalWords(lost()).at(-1)).toMatch(/^It may have been charged/);
    expect(refusalWords(lost()).at(-1)).toMatch(/not charged twice if you change nothing.$/);
    // Sent with what was typed since, it would be another question.
    expect(refusalWords(lost(), false).at(-1)).toMatch(
      /send the question alone, so that it is not charged twice.$/,
    );
    expect(refusalWords(refused("answer_expired", 410)).at(-1)).toBe("Send asks it as a new question.");
  });

  test("of a proxy say that it may have been charged", () => {
    expect(problemOf("<h1>Bad gateway</h1>", 502)).toMatchObject({
      code: "strange",
      details: { status: 502, mayHaveCost: true },
    });
    expect(problemOf("", 404).details.mayHaveCost).toBe(false);
  });
});
