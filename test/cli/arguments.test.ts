import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { makeHome, runProgram, type Home } from "../support/run-program.ts";

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

const run = (args: string[], env?: Record<string, string>) => runProgram(args, { home, env });

const wrong: [why: string, args: string[], told: RegExp][] = [
  ["an unknown command", ["aks", "hi"], /no command "aks"[^]*ask[^]*ai-chat ask "aks hi"/],
  ["a command with an extra letter", ["balancee"], /ai-chat balance\?/],
  ["the name of an Object property as a command", ["toString"], /no command "toString"/],
  [
    "an unknown option between the words",
    ["ask", "how", "do", "-x", "that"],
    /ask has no option -x\.[^]*Quote the question, or put -- before/,
  ],
  [
    "an option between words that the command doesn't take",
    ["balance", "a", "-q", "b"],
    /balance takes no words/,
  ],
  [
    "an option between words that the session doesn't take",
    ["chat", "how", "-q", "so"],
    /chat takes no words[^]*ask "how so"/,
  ],
  [
    "an option joined to its value after the words",
    ["ask", "use", "rm", "-rf"],
    /in the middle of the question\.[^]*Quote the question, or put -- before/,
  ],
  [
    "a known option in the middle of a question",
    ["ask", "what", "does", "grep", "-q", "do"],
    /in the middle of/,
  ],
  ["an option whose value is also a word", ["ask", "a", "-s", "a", "b"], /in the middle of the question/],
  ["an ID without a space after -r", ["ask", "-rk3", "hi"], /in the middle of the question/],
  ["an option of another command", ["balance", "--stream"], /balance has no option --stream\./],
  ["a session that reads nothing", ["chat", "--no-stdin"], /chat has no option --no-stdin\./],
  ["a mistyped option", ["balance", "--timeot", "5"], /no option --timeot\. Did you mean --timeout\?/],
  ["an option as the value of another", ["ask", "-s", "-q", "hi"], /--server must be local, or an address/],
  ["an option without its value", ["whoami", "--server"], /The value of --server is missing\./],
  ["a short option without its value", ["whoami", "-qs"], /The value of --server is missing\./],
  [
    "an unknown option without a command",
    ["--halp"],
    /ai-chat has no option --halp\. Did you mean --help[^]*ai-chat help/,
  ],
  ["a password as an option", ["login", "--password", "geheim"], /login has no option --password\. Did you/],
  ["a password in an option", ["login", "--password=geheim"], /login has no option --password\./],
  ["a password in a short option", ["login", "-pgeheim"], /login has no option -p…\./],
  ["a value for a switch", ["login", "--quiet=yes"], /The option --quiet takes no value\./],
  ["a value for a switch of this command", ["login", "--password-stdin=geheim"], /stdin takes no value\./],
  ["a key in an option", ["serve", "--api-key=geheim"], /serve has no option --api-key\./],
  ["a password as a short option", ["register", "-p", "geheim"], /register has no option -p\./],
  ["a password as a word", ["login", "jane", "geheim"], /login takes no words[^]*-u NAME/],
  [
    "a name of two lines",
    ["login", "-u", "ja\nne"],
    /--username must be .* control characters, not "ja\\nne"/,
  ],
  ["a name with a colour sequence", ["register", "-u", "\u001b[31mjane"], /--username must be .* control/],
  ["a database without its option", ["serve", "postgres://u:geheim@h/d"], /"postgres:\/\/…@h\/d"/],
  ["a database as a folder", ["serve", "--data", "postgres://u:geheim@h/d"], /--data must be a folder/],
  ["a database as an amount", ["grant", "jane", "postgres://u:geheim@h/d"], /TOKENS must be a whole number/],
  ["a database after a mistyped word", ["store", "chek", "postgres://u:geheim@h/d"], /store check/],
  ["a database instead of a word", ["store", "postgres://u:geheim@h/d"], /store does not know/],
  ["a long text instead of a command", ["x".repeat(5000)], /no command "x{150,199}…"[^]*ai-chat ask "…"/],
  ["a database instead of a command", ["postgres://u:geheim@h/d"], /no command "postgres:\/\/…@h\/d"/],
  ["an address without its scheme", ["serve", "--base-url", "u:geheim@h/v1"], /not "u:…@h\/v1"/],
  [
    "a password in the address of the AI",
    ["serve", "--base-url", "http://u:geheim@h/v1"],
    /password or key in --base-url can be read[^]*AI_CHAT_BASE_URL/,
  ],
  ["a user of the AI", ["serve", "--check", "--base-url", "http://geheim@h/v1"], /in --base-url can be read/],
  ["a key in the query", ["serve", "--base-url", "http://h/v1?api-key=geheim"], /in --base-url can be read/],
  ["an invalid address", ["serve", "--base-url", "ftp://u:ge@heim@h"], /not "ftp:\/\/…@h"/],
  [
    "a password in the database to check",
    ["store", "check", "postgres://u:geheim@h/d"],
    /password in .* store check can be read/,
  ],
  ["a setting without its value", ["config", "set", "timeout"], /VALUE is missing: config set KEY VALUE/],
  ["a setting without its name", ["config", "set"], /KEY and VALUE are missing: config set KEY VALUE/],
  ["words for a command that takes none", ["balance", "please"], /balance takes no words/],
  ["words for the session", ["chat", "hello"], /chat takes no words[^]*ask "hello"/],
  [
    "a timeout that isn't a number",
    ["balance", "--timeout", "soon"],
    /--timeout must be a number of seconds/,
  ],
  [
    "a server with a password in it",
    ["balance", "-s", "http://u:geheim@x"],
    /--server must be local, or an address/,
  ],
  ["a question without words or stdin", ["ask"], /no question[^]*ask "What is a monad\?"/],
  ["no command and no terminal", [], /no command, and no terminal/],
  ["a session without a terminal", ["chat"], /terminal as stdin and stdout/],
  ["help on an unknown command", ["help", "aks"], /ai-chat help ask/],
  ["--stream without --json", ["ask", "--stream", "hi"], /--stream goes with --json/],
  [
    "--data together with --store",
    ["serve", "--data", "x", "--store", "postgres://h/d"],
    /two different stores/,
  ],
];

test.each(wrong)("%s: two lines on stderr and exit 2", async (_, args, told) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(told);
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
  expect(stderr).not.toContain("geheim");
});

test.each([
  [["config", "get", "--json", "save"], 0, /^\{"key":"save",/],
  [["conversations", "list", "--json"], 0, /^\[\]\n$/],
  [["conversations", "export", "--format", "json", "zzzz"], 2, /no conversation zzzz/],
  [["conversations", "search", "--no-color", "trip", "to rome"], 0, /holds that/],
  [["config", "set", "timeout", "-q", "5"], 0, /^$/],
  [["conversations", "search", "trip", "--no-color", "to rome"], 0, /holds that/],
] as const)("options are accepted anywhere except inside a question: %j", async (args, exit, told) => {
  const { code, stdout, stderr } = await run([...args]);
  expect({ code, told: stdout + stderr }).toEqual({ code: exit, told: expect.stringMatching(told) });
});

test("all invalid settings are reported at once, without secrets", async () => {
  const env = { AI_CHAT_PORT: "x", AI_CHAT_JWT_SECRET: "geheim", AI_CHAT_STORE: "mysql://u:geheim@h/d" };
  const { code, stderr } = await run(["serve", "--price", "-", "--provider", "me"], env);
  expect(code).toBe(2);
  for (const name of ["AI_CHAT_PORT", "AI_CHAT_JWT_SECRET", "AI_CHAT_STORE", "--price", "--provider"])
    expect(stderr).toContain(`${name} must be`);
  expect(stderr).not.toContain("geheim");
});

test("the password in a server's address is not printed", async () => {
  const { stderr } = await run(["balance", "-s", "http://u:geheim@x"]);
  expect(stderr).not.toContain("geheim");
});

test.each([["-V"], ["--version"], ["ask", "--version"]])("%s prints the bare version", async (...args) => {
  expect(await run(args)).toMatchObject({ code: 0, stdout: `${packageJson.version}\n`, stderr: "" });
});

const helps = [
  ["--help"],
  ["-h"],
  ["help"],
  ["ask", "--help"],
  ["help", "serve"],
  ["help", "register"],
  ["chat", "-h"],
];
test.each(helps)("the help of %s %s has examples first and fits 80 columns", async (...args) => {
  const { code, stdout, stderr } = await run(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n")[2]).toBe("Examples");
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("the help never breaks a line between a subcommand and its argument", async () => {
  const { stdout } = await run(["conversations", "--help"]);
  expect(stdout).toContain(
    "      list|show ID|search TEXT|export ID|export --all DIR|import FILE…|delete ID\n",
  );
});

test("the help of serve shows every default", async () => {
  const { stdout } = await run(["serve", "--help"]);
  for (const shown of [
    "[127.0.0.1]",
    "[8000]",
    "[100]",
    "[4000]",
    "[120]",
    "[30]",
    "[the context]",
    "[12]",
    "[pretty]",
  ])
    expect(stdout).toContain(shown);
});

test("messages show the command by which the program was started", async () => {
  const env = { npm_command: "exec", npm_lifecycle_event: "npx" };
  expect((await run(["whoami"], env)).stderr).toContain("npx ai-chat login");
});

test("with --json, wrong arguments are reported as one JSON line on stderr", async () => {
  for (const args of [
    ["--json", "aks"],
    ["whoami", "--json", "--nope"],
    ["ask", "--json", "a", "-x", "b"],
    ["--json"],
  ]) {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(JSON.parse(stderr)).toEqual({ error: { code: "usage", message: expect.any(String) } });
    expect(stderr.trimEnd()).not.toContain("\n");
  }
});
