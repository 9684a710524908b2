import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { commandNamed } from "../../../src/session/commands.ts";
import { completions, readInput } from "../../../src/session/input.ts";
import { chooseForm, nextForm, passwordForm } from "../../../src/session/form.ts";
import { historyFor } from "../../../src/client/conversations/fitting-history.ts";
import { costWords, lowWarning, questionsLeft } from "../../../src/session/money.ts";
import { CHAT_BODY_BYTES } from "../../../src/protocol/limits.ts";

describe("money", () => {
  it.each([
    [1000, ["1,000 tokens"]],
    [1, ["1 token"]],
    [null, []],
  ])("says a cost of %s as %j", (cost, words) => {
    expect(costWords(cost)).toEqual(words);
  });

  it("counts questions only where balance and price are known", () => {
    expect(questionsLeft({ tokens: 399, price: 100 })).toBe(3);
    expect(questionsLeft({ tokens: null, price: 100 })).toBeNull();
    expect(questionsLeft({ tokens: 399, price: null })).toBeNull();
  });

  it("warns at ten, one and no questions, not at every answer", () => {
    const warned = Array.from(
      { length: 13 },
      (_, n) => lowWarning({ tokens: n * 100, price: 100 }) !== undefined,
    );
    expect(warned.flatMap((is, n) => (is ? [n] : []))).toEqual([0, 1, 10]);
  });
});

describe("what a person typed", () => {
  it.each([
    ["hello", { kind: "question", text: "hello" }],
    ["  ", { kind: "nothing" }],
    ["/help", { kind: "command", command: commandNamed("help"), argument: "" }],
    [" /COPY 2 ", { kind: "command", command: commandNamed("copy"), argument: "2" }],
    ["//etc/passwd?", { kind: "question", text: "/etc/passwd?" }],
    ["/etc/passwd what is it?", { kind: "question", text: "/etc/passwd what is it?" }],
    ["/usr/bin", { kind: "question", text: "/usr/bin" }],
    ["/new/", { kind: "question", text: "/new/" }],
    [
      "/server https://chat.example.org",
      { kind: "command", command: commandNamed("server"), argument: "https://chat.example.org" },
    ],
    ["/search a/b", { kind: "command", command: commandNamed("search"), argument: "a/b" }],
    ["/hlep", { kind: "unknown", name: "hlep", nearest: "help" }],
    ["/bal", { kind: "unknown", name: "bal", nearest: "balance" }],
    ["/constructor", { kind: "unknown", name: "constructor", nearest: undefined }],
    ["exit", { kind: "lone", text: "exit", instead: "quit" }],
    [" Help\n", { kind: "lone", text: "Help", instead: "help" }],
    ["?", { kind: "lone", text: "?", instead: "help" }],
    ["exit now", { kind: "question", text: "exit now" }],
    ["constructor", { kind: "question", text: "constructor" }],
    ["/quit\nand more", { kind: "question", text: "/quit\nand more" }],
  ])("%j is read as %j", (text, meaning) => {
    expect(readInput(text)).toEqual(meaning);
  });

  it("is looked at as far as a command is long: a line of a pipe may have a million characters", () => {
    const name = "x".repeat(1_000_000);
    expect(readInput(`/${name}`)).toEqual({ kind: "unknown", name, nearest: undefined });
  });

  it("is completed while it is the beginning of a command", () => {
    expect(completions("/lo").map(({ name }) => name)).toEqual(["login", "logout"]);
    expect(completions("/").length).toBeGreaterThan(5);
    expect(completions("/copy 2")).toEqual([]);
    expect(completions("lo")).toEqual([]);
    expect(completions("//")).toEqual([]);
  });
});

describe("the history that goes with a question", () => {
  const pair = (n: number, size = 1) => [
    { role: "user" as const, content: `${n}` },
    { role: "assistant" as const, content: "x".repeat(size) },
  ];

  it("has at most 200 entries, the newest, beginning with a question", () => {
    const turns = Array.from({ length: 150 }, (_, n) => pair(n)).flat();
    const sent = historyFor(turns, "hi");
    expect(sent).toHaveLength(200);
    expect(sent[0]).toEqual({ role: "user", content: "50" });
  });

  it("fits the body together with the question, whatever stands in it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300_000 }),
        fc.constantFrom("x", "\n", '"', "ß", "😀"),
        (size, letter) => {
          const turns = Array.from({ length: 8 }, (_, n) => [
            { role: "user" as const, content: `${n}` },
            { role: "assistant" as const, content: letter.repeat(size) },
          ]).flat();
          const message = letter.repeat(32_000);
          const body = JSON.stringify({
            message,
            history: historyFor(turns, message),
            token: "t".repeat(2000),
          });
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(CHAT_BODY_BYTES);
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe("the form", () => {
  it("goes back a step at a time, and out only where there is somewhere to go", () => {
    const chosen = nextForm(chooseForm(false), { type: "enter" }).form;
    const first = nextForm(chosen, { type: "back" });
    expect(first).toMatchObject({ effect: "nothing", form: { step: "choose" } });
    expect(nextForm(first.form, { type: "back" }).effect).toBe("nothing");
    expect(nextForm(chooseForm(true), { type: "back" }).effect).toBe("leave");
    expect(nextForm(passwordForm("jane", "why"), { type: "back" }).effect).toBe("leave");
  });

  it.each([
    ["jane doe", "The username may have the letters A-Z and a-z, digits and @ . + - _ only."],
    ["x".repeat(151), "The username must have 1 to 150 characters."],
    ["jané", "The username may have the letters A-Z and a-z, digits and @ . + - _ only."],
  ])("refuses the new name %j before a password is typed, where the rules are known", (name, error) => {
    const { form: asked } = nextForm(chooseForm(false), { type: "enter" });
    const { form } = nextForm(asked, { type: "insert", text: name });
    expect(nextForm(form, { type: "enter" }, true).form).toMatchObject({ step: "username", error });
    expect(nextForm(form, { type: "enter" }, false).form.step).toBe("password");
    const known: typeof form = { ...form, purpose: "login" };
    expect(nextForm(known, { type: "enter" }, true).form.step).toBe("password");
  });

  it("refuses a new password before it is typed twice, where the rules are known", () => {
    const form = { ...chooseForm(false), step: "password", username: "jane", password: "short" } as const;
    expect(nextForm(form, { type: "enter" }, true).form).toMatchObject({
      step: "password",
      password: "",
      error: "The password must have at least 8 characters.",
    });
    expect(nextForm(form, { type: "enter" }, false).form.step).toBe("repeat");
    const known = { ...form, purpose: "login" } as const;
    expect(nextForm(known, { type: "enter" }, true).effect).toBe("send");
  });

  it("takes nothing while it waits for the server", () => {
    const form = { ...passwordForm("jane", "why"), busy: true };
    for (const event of [{ type: "insert", text: "x" }, { type: "enter" }, { type: "back" }] as const)
      expect(nextForm(form, event)).toEqual({ form, effect: "nothing" });
  });

  it("keeps no password once it is sent", () => {
    const typed = nextForm(passwordForm("jane", "why"), { type: "insert", text: "correct horse" }).form;
    expect(JSON.stringify(nextForm(typed, { type: "enter" }).form)).not.toContain("horse");
  });
});
