import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../../src/cli/argv/commands.ts";
import { optionVariables, otherVariables } from "../../../src/cli/help/environment.ts";
import { exitCodes, exitMeanings, signalCodes } from "../../../src/cli/failures/exit-codes.ts";
import { manPage } from "../../../scripts/man-page.ts";
import { optionNamed, options, type OptionName } from "../../../src/cli/argv/options.ts";
import { entry, paragraph, plain } from "../../../scripts/roff.ts";
import { settingNames } from "../../../src/client/kept/settings.ts";

const page = manPage({ version: "1.2.3", date: "2026-11-22" });
const sectionOf = (title: string) => page.split(`.SH ${title}\n`)[1]?.split("\n.SH ")[0] ?? "";

test.each([
  ["--no-save", "\\-\\-no\\-save"],
  [".hidden", "\\&.hidden"],
  ["'quoted'", "\\(aqquoted\\(aq"],
  ["C:\\new", "C:\\enew"],
  ['say "hi"', "say \\(dqhi\\(dq"],
  ["two\n.SH lines", "two .SH lines"],
  ["~/.config", "\\(ti/.config"],
  ["[QUESTION…]", "[QUESTION...]"],
  ["café", "caf\\[u00E9]"],
])("the man page writes %j so that it is read as it stands", (text, roff) => {
  expect(plain(text)).toBe(roff);
});

test("no word at the beginning of a line is taken for a request", () => {
  const text = Array.from({ length: 60 }, () => ".SH 'so \\fB").join(" ");
  for (const roff of [paragraph(text), entry("x", text)]) {
    const lines = roff.split("\n").slice(1);
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(line).not.toMatch(/^[.']/);
  }
});

test("only requests that are meant begin a line of the man page", () => {
  const requests = page.split("\n").filter((line) => /^[.']/.test(line));
  const meant = /^\.(TH|SH|SS|PP|TP|nh|ad l)\b/;
  expect(requests.length).toBeGreaterThan(50);
  expect(requests.filter((line) => !meant.test(line))).toEqual([]);
});

test("the man page names every command with its options and examples", () => {
  const text = sectionOf("COMMANDS");
  for (const [name, spec] of commands) {
    const own = text.split(new RegExp(`\\.SS "ai\\\\-chat ${name}(?=[ "])`))[1]?.split("\n.SS ")[0] ?? "";
    for (const option of spec.options)
      expect(own).toContain(`\\fB${plain(`--${optionNamed(option).flag}`)}\\fR`);
    for (const word of Object.keys(spec.actions ?? {})) expect(own).toContain(`\\fB${plain(word)}\\fR`);
    for (const [, what] of spec.examples) expect(own.replaceAll("\n", " ")).toContain(plain(what));
  }
});

test("the man page says which common options a command lacks", () => {
  const text = sectionOf("COMMANDS").replaceAll(/\n(\.PP\n)?(?!\.SS)/g, " ");
  const missing = (name: string) =>
    new RegExp(`^\\.SS "ai\\\\-chat ${name}[ "].*? It has no (.*?)\\.`, "m").exec(text)?.[1];
  expect(missing("balance")).toBeUndefined();
  expect(missing("config")).toBe(plain("--timeout"));
  expect(missing("serve")).toBe(plain("--server and no --timeout"));
  expect(missing("chat")).toBe(plain("--json and no --no-stdin"));
});

test("the man page names every flag, variable, setting and exit code", () => {
  for (const name of Object.keys(options) as OptionName[]) {
    const { flag, short } = optionNamed(name);
    const typed = [flag && `--${flag}`, short && `-${short}`].filter((text) => text !== undefined);
    for (const text of typed) expect(page).toContain(`\\fB${plain(text)}\\fR`);
  }
  for (const { names } of [...optionVariables(), ...otherVariables])
    for (const name of names) expect(sectionOf("ENVIRONMENT")).toContain(`\\fB${name}\\fR`);
  for (const name of settingNames) expect(sectionOf("SETTINGS")).toContain(`\\fB${name}\\fR`);
  for (const [codes] of exitMeanings)
    for (const code of codes) expect(sectionOf("EXIT STATUS")).toContain(`\\fB${code}\\fR`);
});

test("every exit code that the program can have is explained, and no other", () => {
  const explained = exitMeanings.flatMap(([codes]) => codes).sort((a, b) => a - b);
  const possible = new Set<number>([0, ...Object.values(exitCodes), ...Object.values(signalCodes)]);
  expect(explained).toEqual([...possible].sort((a, b) => a - b));
});

/** What tells the terminal, npm or the desktop apart; nobody sets it for this program. */
const facts = new Set(
  "TMUX STY TERM_PROGRAM VTE_VERSION WT_SESSION XTERM_VERSION DISPLAY WAYLAND_DISPLAY WSL_DISTRO_NAME SSH_CONNECTION SSH_TTY NODE_ENV DEV PATH".split(
    " ",
  ),
);

test("every variable that the sources read is in the man page", async () => {
  const told = new Set([...optionVariables(), ...otherVariables].flatMap(({ names }) => names));
  const names = await readdir("src", { recursive: true });
  const sources = await Promise.all(
    names.filter((name) => /\.tsx?$/.test(name)).map((name) => readFile(join("src", name), "utf8")),
  );
  const read = sources.flatMap((source) =>
    [...source.matchAll(/\benv\.([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name),
  );
  expect(read).toContain("NO_COLOR");
  expect(read.filter((name) => name !== undefined && !told.has(name) && !facts.has(name))).toEqual([]);
});
