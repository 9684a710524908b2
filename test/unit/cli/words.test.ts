import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nearest, sortArgv } from "../../../src/cli/words.ts";

const sorted: [argv: string[], first: string | undefined, words: string[], between: string | undefined][] = [
  [[], undefined, [], undefined],
  [["ask", "a", "b"], "ask", ["a", "b"], undefined],
  [["-s", "local", "ask", "hi"], "ask", ["hi"], undefined],
  [["--server=local", "ask", "hi"], "ask", ["hi"], undefined],
  [["-qs", "local", "ask", "hi"], "ask", ["hi"], undefined],
  [["-slocal", "ask", "hi"], "ask", ["hi"], undefined],
  [["ask", "-q", "hi", "--timeout", "5"], "ask", ["hi"], undefined],
  [["ask", "hi", "-q", "there"], "ask", ["hi", "there"], "-q"],
  [["ask", "use", "rm", "-rf"], "ask", ["use", "rm"], "-rf"],
  [["ask", "-rk3", "and", "then?"], "ask", ["and", "then?"], undefined],
  [["ask", "hi", "-r", "k3"], "ask", ["hi"], undefined],
  [["ask", "hi", "--timeout", "5", "there"], "ask", ["hi", "there"], "--timeout"],
  [["ask", "hi", "--", "-q", "there"], "ask", ["hi", "-q", "there"], undefined],
  [["ask", "is", "-5", "more", "than", "-.5"], "ask", ["is", "-5", "more", "than", "-.5"], undefined],
  [["ask", "-", "hi"], "ask", ["-", "hi"], undefined],
  [["--", "ask"], undefined, ["ask"], undefined],
];
test.each(sorted)(
  "%j is sorted into its first word, its words and what stands among them",
  (argv, first, words, between) => {
    expect(sortArgv(argv)).toMatchObject({ first, words, between });
  },
);

test("an option's value is no switch", () => {
  expect(sortArgv(["whoami", "-s", "--json"]).switches.has("json")).toBe(false);
  expect(sortArgv(["whoami", "--json"]).switches.has("json")).toBe(true);
  expect(sortArgv(["ask", "--", "--json"]).switches.has("json")).toBe(false);
});

test("behind -- everything is text, whatever it looks like", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const { literal, words: found, between, switches } = sortArgv(["ask", "--", ...words]);
      expect({ literal, found, between, switches: switches.size }).toEqual({
        literal: words.length,
        found: words,
        between: undefined,
        switches: 0,
      });
    }),
  );
});

const names = ["ask", "chat", "balance", "register", "login", "logout", "whoami", "serve", "help"];
const near: [typed: string, meant: string | undefined][] = [
  ["aks", "ask"],
  ["balace", "balance"],
  ["bal", "balance"],
  ["reg", "register"],
  ["LOGIN", "login"],
  ["logot", "logout"],
  ["toString", undefined],
  ["explain", undefined],
];
test.each(near)("%s is taken for %s", (typed, meant) => {
  expect(nearest(typed, names)).toBe(meant);
});
