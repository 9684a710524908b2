import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseArgv, type ParsedArgv } from "../../../../src/cli/argv/parse-argv.ts";

const flagsOf = ({ flags }: ParsedArgv) => Object.fromEntries(flags);

type Row = [
  argv: string[],
  words: string[],
  flags: Record<string, string | true>,
  rest?: Partial<ParsedArgv>,
];
const rows: Row[] = [
  [[], [], {}],
  [["ask", "a", "b"], ["ask", "a", "b"], {}],
  [["-s", "local", "ask", "hi"], ["ask", "hi"], { server: "local" }],
  [["--server=local", "ask", "hi"], ["ask", "hi"], { server: "local" }],
  [["-qs", "local", "ask"], ["ask"], { quiet: true, server: "local" }],
  [["-slocal", "ask"], ["ask"], { server: "local" }],
  [["ask", "-q", "hi", "--timeout", "5"], ["ask", "hi"], { quiet: true, timeout: "5" }],
  [["ask", "-f", "a b", "hi", "--file=c", "-fd"], ["ask", "hi"], { files: "a b\0c\0d" }],
  [["ask", "hi", "-r", "k3"], ["ask", "hi"], { resume: "k3" }],
  [["ask", "hi", "-r"], ["ask", "hi"], { resume: "" }],
  [["chat", "--no-save"], ["chat"], { noSave: true }],
  [["ask", "--save"], ["ask"], { startSaved: true }],
  [["ask", "hi", "--", "-q", "there"], ["ask", "hi", "-q", "there"], {}, { literal: 2 }],
  [["-s", "--", "ask", "--", "-q"], ["ask", "-q"], { server: "--" }, { literal: 1 }],
  [["ask", "--"], ["ask"], {}, { literal: 0 }],
  [["--", "ask"], ["ask"], {}, { literal: 1 }],
  [["ask", "is", "-5", "more", "than", "-.5"], ["ask", "is", "-5", "more", "than", "-.5"], {}],
  [["ask", "-", "hi"], ["ask", "-", "hi"], {}],
  [["whoami", "-s", "--json"], ["whoami"], { server: "--json" }],
  [["whoami", "--nope", "--json", "x"], ["whoami"], { json: true }, { unknown: "--nope" }],
  [["login", "--password=geheim"], ["login"], {}, { unknown: "--password" }],
  [["login", "-pgeheim"], ["login"], {}, { unknown: "-p…" }],
  [["login", "--quiet=yes"], ["login"], {}, { unknown: "--quiet" }],
  [["--json", "whoami", "-qs"], ["whoami"], { json: true, quiet: true }, { incomplete: "-qs" }],
];

test("argv is parsed into options, words and what is wrong with it", () => {
  for (const [argv, words, flags, rest] of rows) {
    const parsed = parseArgv(argv);
    const { literal, unknown, incomplete } = parsed;
    expect(
      { words: parsed.words, flags: flagsOf(parsed), literal, unknown, incomplete },
      argv.join(" "),
    ).toEqual({
      words,
      flags,
      literal: 0,
      unknown: undefined,
      incomplete: undefined,
      ...rest,
    });
  }
});

test("everything after -- is text, whatever it looks like", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const parsed = parseArgv(["ask", "--", ...words]);
      expect({ ...parsed, flags: parsed.flags.size }).toEqual({
        words: ["ask", ...words],
        literal: words.length,
        flags: 0,
        unknown: undefined,
        incomplete: undefined,
      });
    }),
  );
});
