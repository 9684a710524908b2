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
  const ours = { ourRules: true, registration: undefined };

  it("asks for the code of an invitation first, where only those who have one may register", () => {
    for (const how of [{ type: "enter" }, { type: "insert", text: "1" }] as const) {
      const invited = { ourRules: true, registration: "invite" } as const;
      const first = nextForm(chooseForm(false), how, invited).form;
      expect(first.step).toBe("invite");
      expect(nextForm(first, { type: "enter" }, invited).form).toMatchObject({
        step: "invite",
        error: "Type the code of your invitation.",
      });
      const { form } = nextForm(first, { type: "insert", text: " 7k3m9 qxa4t bwc2d " }, invited);
      const asked = nextForm(form, { type: "enter" }, invited).form;
      expect(asked.step).toBe("username");
      expect(nextForm(asked, { type: "back" }, invited).form).toMatchObject({
        step: "invite",
        invite: form.invite,
      });
      const last: typeof form = { ...asked, step: "repeat", username: "max", password: "12345678" };
      const sent = nextForm({ ...last, repeated: last.password }, { type: "enter" }, invited);
      expect(sent).toMatchObject({ credentials: { username: "max", invite: "7k3m9 qxa4t bwc2d" } });
    }
  });

  it("asks for no code to log in, nor at an open server, nor where that is not known", () => {
    for (const registration of ["open", undefined] as const)
      expect(nextForm(chooseForm(false), { type: "enter" }, { ...ours, registration }).form.step).toBe(
        "username",
      );
    const known = nextForm(
      chooseForm(false),
      { type: "insert", text: "l" },
      { ...ours, registration: "invite" },
    );
    expect(known.form.step).toBe("username");
    const login = {
      ...known.form,
      step: "password",
      username: "max",
      password: "12345678",
      invite: "x",
    } as const;
    expect(nextForm(login, { type: "enter" })).toMatchObject({
      credentials: { username: "max", password: "12345678" },
    });
    expect(nextForm(login, { type: "enter" })).not.toHaveProperty("credentials.invite");
  });

  it("says at once that a closed server takes no new accounts, and still lets people log in", () => {
    const closed = { ourRules: true, registration: "closed" } as const;
    const { form } = nextForm(chooseForm(false), { type: "enter" }, closed);
    expect(form).toMatchObject({ step: "choose", error: "This server takes no new accounts." });
    const other = nextForm(form, { type: "other" }, closed).form;
    expect(nextForm(other, { type: "enter" }, closed).form).toMatchObject({
      step: "username",
      error: undefined,
    });
  });

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
    expect(nextForm(form, { type: "enter" }, ours).form).toMatchObject({ step: "username", error });
    expect(nextForm(form, { type: "enter" }).form.step).toBe("password");
    const known: typeof form = { ...form, purpose: "login" };
    expect(nextForm(known, { type: "enter" }, ours).form.step).toBe("password");
  });

  it("refuses a new password before it is typed twice, where the rules are known", () => {
    const form = { ...chooseForm(false), step: "password", username: "jane", password: "short" } as const;
    expect(nextForm(form, { type: "enter" }, ours).form).toMatchObject({
      step: "password",
      password: "",
      error: "The password must have at least 8 characters.",
    });
    expect(nextForm(form, { type: "enter" }).form.step).toBe("repeat");
    const known = { ...form, purpose: "login" } as const;
    expect(nextForm(known, { type: "enter" }, ours).effect).toBe("send");
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
