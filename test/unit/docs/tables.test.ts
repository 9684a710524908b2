import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commands } from "../../../src/cli/argv/commands.ts";
import { everywhere, ofServer, optionNamed } from "../../../src/cli/argv/options.ts";
import { exitCodes } from "../../../src/cli/failures/exit-codes.ts";
import { settingNames } from "../../../src/client/kept/settings.ts";
import { errors } from "../../../src/protocol/errors.ts";
import { finishes } from "../../../src/protocol/replies.ts";
import { pagePaths } from "../../../src/protocol/routes.ts";
import { LIMITS } from "../../../src/server/core/limit-names.ts";
import { operations } from "../../../src/server/http/openapi/document.ts";
import { commands as sessionCommands } from "../../../src/session/commands.ts";
import { usage } from "../../../src/session/shown-command.ts";
import { codeIn, readPage, root } from "../../support/pages.ts";

const textOf = (page: string) => readFileSync(`${root}docs/${page}.md`, "utf8");

function rowsOf(page: string, section: string): string[][] {
  const rows = readPage(`docs/${page}.md`).tables.get(section) ?? [];
  expect(rows, `a table in docs/${page}.md#${section}`).not.toEqual([]);
  return rows;
}

/** What the first cells have between backticks. */
const namesIn = (page: string, section: string) => rowsOf(page, section).flatMap(([first]) => codeIn(first));

test("docs/http-api.md has each error code with its status", () => {
  const listed = rowsOf("http-api", "error-codes").flatMap(([status, codes]) =>
    codeIn(codes).map((code) => [code, Number(status)]),
  );
  expect(listed).toEqual(Object.entries(errors).map(([code, { status }]) => [code, status]));
});

test("docs/http-api.md has each limit and each finish reason", () => {
  expect(namesIn("http-api", "rate-limits")).toEqual(LIMITS);
  expect(namesIn("http-api", "finish-reasons")).toEqual(finishes);
});

test("each operation of the API is in docs/http-api.md or docs/openai.md", () => {
  const text = textOf("http-api") + textOf("openai");
  const missing = operations
    .map(({ method, path }) => `${method.toUpperCase()} ${path.replace(":id", "{id}").replace("*id", "ID")}`)
    .filter((operation) => !["`", "/`", "/?", "/` {"].some((end) => text.includes(`\`${operation}${end}`)));
  expect(missing).toEqual([]);
});

test("docs/browser.md has each path of the pages", () => {
  expect(namesIn("browser", "what-is-served").sort()).toEqual(Object.values(pagePaths).sort());
});

test("docs/cli.md has each exit code, and each code of an error that is not the server's", () => {
  const listed = rowsOf("cli", "exit-codes").flatMap(([exit = ""]) => exit.split(", ").map(Number));
  expect(listed).toEqual(expect.arrayContaining(Object.values(exitCodes)));
  const [, own] = /one of the server's \[error codes\][^:]*:([^]*?)\n\n/.exec(textOf("cli")) ?? [];
  expect(codeIn(own).sort()).toEqual(
    Object.keys(exitCodes)
      .filter((code) => !Object.hasOwn(errors, code))
      .sort(),
  );
});

/** A command in a row of docs/cli.md#commands: its name, and the action that may follow it. */
function commandsIn(cell = ""): [name: string, action: string | undefined][] {
  let name = "";
  return codeIn(cell).map((code) => {
    const words = code.replace(/^ai-chat ?/, "").split(" ");
    const [first = ""] = words;
    const isAction = commands.get(name)?.actions?.[first] !== undefined;
    if (commands.has(first) && !isAction) name = words.shift() ?? "";
    return [name || "chat", /^[a-z]/.test(words[0] ?? "") ? words[0] : undefined];
  });
}

const commandRows = rowsOf("cli", "commands").filter(([cell]) => !cell?.startsWith("`help "));

test("docs/cli.md has each command with its actions", () => {
  const listed = commandRows.flatMap(([cell]) => commandsIn(cell));
  const known = [...commands].flatMap(([name, { actions }]) =>
    Object.keys(actions ?? { "": {} }).map((action) => [name, action || undefined]),
  );
  const inOrder = (pairs: typeof known) => [...new Set(pairs.map((pair) => pair.join(" ").trim()))].sort();
  expect(inOrder(listed)).toEqual(inOrder(known));
});

test("docs/cli.md says of a command only options that it takes", () => {
  for (const [cell, what] of commandRows) {
    const taken = commandsIn(cell).flatMap(([name]) => {
      const { options = [], common = everywhere } = commands.get(name) ?? {};
      return [...options, ...common].flatMap((option) => {
        const { flag, short } = optionNamed(option);
        return [`--${flag}`, `-${short}`];
      });
    });
    const named = codeIn(`${cell} ${what}`).flatMap((code) => code.match(/(?<![\w-])--?[a-z][\w-]*/g) ?? []);
    expect(
      named.filter((option) => !taken.includes(option)),
      cell,
    ).toEqual([]);
  }
});

test("docs/cli.md has each setting", () => {
  const [, names = ""] = /^`config` keeps \w+ settings:([^]*?)\n\n/m.exec(textOf("cli")) ?? [];
  expect(codeIn(names)).toEqual(settingNames);
});

test("docs/session.md has each command of the session with its argument", () => {
  const listed = namesIn("session", "session-commands");
  const missing = sessionCommands.map(usage).filter((command) => !listed.includes(command));
  expect(missing).toEqual([]);
  const known = sessionCommands.map(({ name }) => `/${name}`);
  expect(listed.filter((command) => !known.includes(command.split(" ")[0] ?? ""))).toEqual(["/NAME [TEXT]"]);
});

test("docs/server.md has the settings as the help lists them, with their defaults and variables", () => {
  const rows = rowsOf("server", "settings");
  const flagsIn = (cell = "") => [...cell.matchAll(/`--([\w-]+)`/g)].map(([, flag]) => flag);
  const server = ofServer.map(optionNamed);
  expect(rows.flatMap(([cell]) => flagsIn(cell))).toEqual([
    ...server.map(({ flag }) => flag),
    "config",
    "check",
  ]);
  for (const { flag = "", env, shown } of server) {
    expect(env, flag).toContain(`AI_CHAT_${flag.toUpperCase().replaceAll("-", "_")}`);
    const [, given = ""] = rows.find(([cell]) => flagsIn(cell).includes(flag)) ?? [];
    // In words, or a path of the user.
    const [, value = shown] = /^`([^`$]+)`$/.exec(given) ?? [];
    expect(value, flag).toBe(shown);
  }
});
