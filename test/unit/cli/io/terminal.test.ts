import { expect, test } from "vitest";
import { counted, grouped } from "../../../../src/text/numbers.ts";
import {
  colorPreference,
  hasColor,
  isAscii,
  setColorVariables,
  wantsPlain,
} from "../../../../src/cli/io/terminal.ts";
import { isMonochrome, letterTraits, windowTraits } from "../../../../src/cli/io/terminal-traits.ts";

type Env = Record<string, string>;

const wishes: [noColor: boolean, env: Env, wish: boolean | undefined][] = [
  [false, {}, undefined],
  [true, { FORCE_COLOR: "1" }, false],
  [false, { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  [false, { NO_COLOR: "", FORCE_COLOR: "1" }, true],
  [false, { NO_COLOR: "" }, undefined],
  [false, { FORCE_COLOR: "0" }, false],
  [false, { FORCE_COLOR: "false" }, false],
  [false, { FORCE_COLOR: "" }, undefined],
  [false, { CI: "1" }, undefined],
];
test("colours follow --no-color, NO_COLOR and FORCE_COLOR, in this order", () => {
  for (const [noColor, env, wish] of wishes)
    expect(colorPreference(noColor, env), `--no-color ${noColor} with ${JSON.stringify(env)}`).toBe(wish);
});

test("without a wish, terminals have colours and nothing else has", () => {
  const atTerminal = (TERM: string) => hasColor({ isTTY: true }, undefined, { TERM });
  const colourful = [
    "xterm",
    "xterm-256color",
    "screen",
    "tmux-256color",
    "linux",
    "vt525",
    "rxvt-unicode",
    "sun-color",
  ];
  for (const term of colourful) expect(atTerminal(term), term).toBe(true);
  const colourless = ["", "dumb", "vt52", "vt100", "vt100-am", "vt220", "xterm-mono", "ansi-m", "rxvt-basic"];
  for (const term of colourless) expect(atTerminal(term), term).toBe(false);
  expect(hasColor({ isTTY: true }, undefined, {})).toBe(false);
  expect(isMonochrome({}, "win32")).toBe(false);
  expect(hasColor({}, undefined, { TERM: "xterm" })).toBe(false);
  expect(hasColor({ isTTY: true }, true, { TERM: "vt100" })).toBe(true);
  expect(hasColor({}, true, {})).toBe(true);
});

test("links and styles are those that the terminal shows", () => {
  const rows: [env: Env, links: boolean, lacks: string[]][] = [
    [{ TERM: "xterm-256color" }, false, []],
    [{ TERM: "xterm-kitty" }, true, []],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, true, []],
    [{ TERM: "xterm-256color", VTE_VERSION: "7600" }, true, []],
    [{ TERM: "xterm-256color", VTE_VERSION: "4601" }, false, []],
    [{ WT_SESSION: "1" }, true, []],
    [{ TERM: "tmux-256color", TERM_PROGRAM: "tmux", TMUX: "x", VTE_VERSION: "7600" }, false, []],
    [{ TERM: "screen-256color", TMUX: "x" }, false, []],
    [{ TERM: "screen", STY: "x", VTE_VERSION: "7600" }, false, ["italic", "strike"]],
    [{ TERM: "linux" }, false, ["italic", "strike"]],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "Apple_Terminal" }, false, ["strike"]],
    [{ TERM: "xterm", FORCE_HYPERLINK: "1" }, true, []],
    [{ TERM: "xterm-kitty", FORCE_HYPERLINK: "0" }, false, []],
  ];
  for (const [env, links, lacks] of rows)
    expect(letterTraits(env), JSON.stringify(env)).toEqual({ links, lacks });
});

test("titles and notifications go to terminals that have them", () => {
  const rows: [env: Record<string, string>, title: boolean, notifications: boolean][] = [
    [{ TERM: "xterm-256color" }, true, false],
    [{ TERM: "xterm-256color", VTE_VERSION: "7600" }, true, false],
    [{ TERM: "xterm-kitty" }, true, true],
    [{ TERM: "foot" }, true, true],
    [{ TERM: "xterm-256color", TERM_PROGRAM: "iTerm.app" }, true, true],
    [{ TERM: "xterm-256color", WT_SESSION: "1" }, true, false],
    [{ TERM: "screen-256color", TMUX: "x", TERM_PROGRAM: "WezTerm" }, true, false],
    [{ TERM: "tmux-256color" }, true, false],
    [{ TERM: "screen.xterm-256color", STY: "x" }, false, false],
    [{ TERM: "screen" }, false, false],
    [{ TERM: "xterm-256color", STY: "x", TERM_PROGRAM: "ghostty" }, false, false],
    [{ TERM: "linux" }, false, false],
    [{ TERM: "vt220" }, false, false],
    [{ TERM: "dumb" }, false, false],
    [{}, false, false],
  ];
  for (const [env, title, notifications] of rows)
    expect(windowTraits(env, "linux"), JSON.stringify(env)).toEqual({ title, notifications });
  expect(windowTraits({ WT_SESSION: "1" }, "win32").title).toBe(true);
});

test("packages that look at the environment see the wish in FORCE_COLOR alone", () => {
  const told = (wish: boolean | undefined, env: Env) => {
    setColorVariables(wish, env);
    return env;
  };
  expect(told(false, { NO_COLOR: "1", FORCE_COLOR: "3" })).toEqual({ FORCE_COLOR: "0" });
  expect(told(true, { NO_COLOR: "", FORCE_COLOR: "3" })).toEqual({ FORCE_COLOR: "3" });
  expect(told(undefined, { NO_COLOR: "", FORCE_COLOR: "" })).toEqual({});
});

const locales: [env: Env, ascii: boolean][] = [
  [{}, false],
  [{ LANG: "" }, false],
  [{ LANG: "C" }, true],
  [{ LANG: "de_DE.UTF-8" }, false],
  [{ LANG: "de_DE.utf8", LC_CTYPE: "POSIX" }, true],
  [{ LANG: "C", LC_CTYPE: "C", LC_ALL: "C.UTF-8" }, false],
  [{ LANG: "de_DE.UTF-8", LC_ALL: "" }, false],
];
test("only ASCII is drawn if the first locale variable that is set names no UTF-8", () => {
  for (const [env, ascii] of locales) expect(isAscii(env), JSON.stringify(env)).toBe(ascii);
});

const plain: [setting: boolean, env: Env, wants: boolean][] = [
  [false, {}, false],
  [true, {}, true],
  [false, { ACCESSIBLE: "1" }, true],
  [false, { ACCESSIBLE: "0" }, false],
  [false, { ACCESSIBLE: "" }, false],
  [false, { TERM: "dumb" }, true],
];
test("the line mode follows the setting plain, ACCESSIBLE and TERM", () => {
  for (const [setting, env, wants] of plain)
    expect(wantsPlain(setting, env), `plain ${setting} with ${JSON.stringify(env)}`).toBe(wants);
});

test("people read numbers with commas, and one is one", () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([counted(1, "question"), counted(39, "question")]).toEqual(["1 question", "39 questions"]);
});
