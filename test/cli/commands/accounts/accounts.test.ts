import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { testInCopies } from "../../../support/prepared-home.ts";
import { runInside } from "../../../support/run-inside.ts";
import {
  makeHome,
  programEnv,
  program,
  runProgram,
  startProgram,
  type Home,
} from "../../../support/run-program.ts";
import { openRealTerminal } from "../../../tui/terminal/real-terminal.ts";

const PASSWORD = "correct horse";
const NEW = "a battery staple";
const as = (password: string) => ({ AI_CHAT_PASSWORD: password });

let home: Home;
testInCopies(
  async (home) => {
    for (const name of ["joe", "Jane"])
      await runProgram(["register", "-s", "local", "-u", name], { home, env: as(PASSWORD) });
  },
  (made) => (home = made),
);

const folder = () => join(home.dir, "data", "ai-chat", "server");
const run = (...words: string[]) => runInside(words);
const accounts = (...words: string[]) => run("accounts", ...words);
const lines = (text: string) => text.trimEnd().split("\n");
const ledger = () => readFile(join(folder(), "ledger.jsonl"), "utf8");
const lastFact = async () => JSON.parse(lines(await ledger()).at(-1) ?? "") as Record<string, unknown>;

async function startServer() {
  const server = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await server.sees("Ctrl-C", "stderr");
  return async () => {
    server.child.kill("SIGTERM");
    expect((await server.ended).code).toBe(0);
  };
}

describe.each(["a running server", "the folder alone"])("accounts, by %s", (how) => {
  let stop = async () => {};
  beforeEach(async () => {
    if (how === "a running server") stop = await startServer();
  });
  afterEach(() => stop());

  test("disable refuses the login and its token, and enable makes the token valid again", async () => {
    const disabled = await accounts("disable", "jANE", "--yes", "--reason", "left", "--by", "anna", "--json");
    expect(disabled).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(disabled.stdout)).toEqual({ username: "Jane", disabled: true, changed: true });
    expect(await lastFact()).toMatchObject({ fact: "disabled", disabled: true, reason: "left", by: "anna" });
    const refused = await run("balance", "-s", "local");
    expect(refused).toMatchObject({ code: 4, stdout: "", stderr: expect.stringContaining("disabled") });
    expect((await accounts("disable", "Jane", "--yes")).stdout).toBe("Jane is already disabled.\n");
    expect((await accounts("enable", "Jane")).stdout).toBe("Enabled Jane.\n");
    expect((await accounts("enable", "Jane")).stdout).toBe("Jane is not disabled.\n");
    expect((await run("balance", "-s", "local", "-q")).stdout).toBe("4000\n");
  });

  test("password ends the logins, and only the new one logs in", async () => {
    const stdin = { pipe: `${NEW}\n` };
    const words = ["accounts", "password", "jane", "--password-stdin", "--yes", "--json"];
    const set = await runProgram(words, { home, stdin });
    expect(set).toMatchObject({ code: 0, stderr: "", stdout: '{"username":"Jane"}\n' });
    expect(await ledger()).not.toContain(NEW);
    const ended = await run("balance", "-s", "local");
    expect(ended).toMatchObject({ code: 4, stderr: expect.stringContaining("ai-chat login") });
    const login = (password: string) =>
      runProgram(["login", "-s", "local", "-u", "jane"], { home, env: as(password) });
    expect((await login(PASSWORD)).code).toBe(4);
    expect((await login(NEW)).code).toBe(0);
  });

  test("rename keeps the login, which is of no account that takes the old name", async () => {
    expect((await run("ask", "-s", "local", "--save", "-q", "hello")).code).toBe(0);
    const renamed = await accounts("rename", "jane", "Jane.Doe", "--yes", "--json");
    expect(JSON.parse(renamed.stdout)).toEqual({ username: "Jane.Doe", from: "Jane", changed: true });
    expect((await accounts("rename", "jane.doe", "JOE", "--yes", "--json")).stderr).toContain(
      "username_taken",
    );
    await run("grant", "jane.doe", "1");
    const other = await makeHome();
    const env = { ...as(PASSWORD), XDG_DATA_HOME: join(home.dir, "data") };
    const taken = await runProgram(["register", "-s", "local", "-u", "jane"], { home: other, env });
    await other.remove();
    expect(taken.code).toBe(0);
    const shown = await run("whoami", "-s", "local");
    expect(shown.stdout).toMatch(/^user +Jane\.Doe$/m);
    expect(shown.stdout).toMatch(/^balance +3,901 tokens$/m);
    // The name is kept now, and conversations of before are still the account's.
    expect(await run("ask", "-s", "local", "-c", "-q", "and then")).toMatchObject({ code: 0 });
  });

  test("delete ends the login and frees the name, which then is of a new account", async () => {
    const deleted = await accounts("delete", "jane", "--yes", "--json");
    expect(deleted).toMatchObject({ code: 0, stderr: "" });
    const { pseudonym } = JSON.parse(deleted.stdout) as { pseudonym: string };
    expect(pseudonym).toMatch(/^deleted#/);
    expect(await run("balance", "-s", "local")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("ai-chat login"),
    });
    for (const name of ["jane", pseudonym])
      expect(await accounts("enable", name)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("There is no user"),
      });
    const made = await runProgram(["register", "-s", "local", "-u", "jane"], { home, env: as(NEW) });
    expect(made.code).toBe(0);
    expect((await run("balance", "-s", "local", "-q")).stdout).toBe("4000\n");
  });
});

test("what takes something away changes nothing without --yes and a terminal, and says how", async () => {
  const acts = [
    ["accounts", "disable", "jane"],
    ["accounts", "password", "jane"],
    ["accounts", "rename", "jane", "jill"],
    ["accounts", "delete", "jane"],
    ["take", "jane", "5", "--reason", "it was a mistake"],
  ];
  const before = await ledger();
  for (const words of acts) {
    const refused = await run(...words);
    expect(refused, words.join(" ")).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toMatch(
      /^ai-chat: Jane in .* will .*terminal.*\n.*Nothing has changed\..*ai-chat (accounts|take) .*--yes\n$/,
    );
    const json = await run(...words, "--json");
    expect(json).toMatchObject({ code: 2, stdout: "" });
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "input_required" } });
  }
  expect(await ledger()).toBe(before);
});

const wrong: [words: string[], why: RegExp][] = [
  [[], /accounts needs one of: .*disable, enable, password, rename, delete/],
  [["lock", "jane"], /does not know "lock"/],
  [["disable"], /word missing\. It is: accounts disable NAME/],
  [["rename", "jane"], /word missing\. It is: accounts rename OLD NEW/],
  [["enable", "jane", "joe"], /too many words/],
  [["enable", "jane", "--yes"], /accounts enable has no option --yes/],
  [["disable", "jane", "--password-stdin"], /has no option --password-stdin/],
  [["enable", "nobody"], /There is no user "nobody" in /],
  [["enable", "deleted#1"], /There is no user/],
  [["rename", "jane", "two words", "--yes"], /The username may have the letters/],
  [["enable", "jane", "--reason", ""], /--reason must be one line/],
  [["enable", "jane", "--by", "a\nb"], /--by must be one line/],
  [["enable", "jane", "--reason", "x".repeat(201)], /--reason must be one line/],
  [["enable", "jane", "--data", "/does/not/exist"], /There is no store in/],
  [["enable", "jane", "--data", "x", "--store", "postgres://x"], /two different stores/],
];

test("invalid arguments end with exit 2 and two lines, and change nothing", async () => {
  const before = await ledger();
  for (const [words, why] of wrong) {
    const row = words.join(" ");
    const refused = await accounts(...words);
    expect(refused, row).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(why) });
    expect(lines(refused.stderr), row).toHaveLength(2);
  }
  const bad = await runProgram(["accounts", "password", "jane", "--password-stdin", "--yes"], {
    home,
    stdin: { pipe: "short\n" },
  });
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("at least 8 characters") });
  expect(await ledger()).toBe(before);
});

describe("at a terminal", () => {
  const open = (...words: string[]) =>
    openRealTerminal(process.execPath, [program, ...words], { env: programEnv(home) });

  test("an act asks, names who loses what, and does it only after y", async () => {
    const before = await ledger();
    const no = open("accounts", "delete", "jane");
    await no.sees("Jane in");
    await no.sees("4,000 tokens");
    await no.sees("[y/N]");
    no.type("\r");
    await no.sees("Nothing has changed.");
    await no.exited;
    expect(await ledger()).toBe(before);
    const yes = open("accounts", "disable", "jane");
    await yes.sees("[y/N]");
    yes.type("y\r");
    await yes.sees("Disabled Jane.");
    await yes.exited;
    expect(await lastFact()).toMatchObject({ fact: "disabled", name: "Jane" });
  });

  test("password is asked for twice, without echo", async () => {
    const asked = open("accounts", "password", "jane");
    await asked.sees("[y/N]");
    asked.type("yes\r");
    await asked.sees("New password: ");
    asked.type(`${NEW}\r`);
    await asked.sees("Once more: ");
    asked.type(`${NEW}\r`);
    await asked.sees("Jane has a new password");
    await asked.exited;
    expect((await asked.screen()).join("\n")).not.toContain(NEW);
    const login = ["login", "-s", "local", "-u", "jane"];
    expect((await runProgram(login, { home, env: as(NEW) })).code).toBe(0);
  });
});
