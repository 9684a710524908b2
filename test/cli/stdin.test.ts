import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChatServer, streamAnswer } from "../support/chat-server.ts";
import {
  makeHome,
  program,
  programEnv,
  runProgram,
  startProgram,
  type Home,
  type ProgramOptions,
} from "../support/run-program.ts";
import type { SmallServer } from "../support/others-server.ts";

let home: Home;
let server: SmallServer;
beforeAll(async () => {
  home = await makeHome();
  // Answers with the question, so that each test sees what was asked.
  server = await openChatServer((response, { body }) => {
    streamAnswer(response, [JSON.stringify((JSON.parse(body) as { message: string }).message)]);
  });
});
afterAll(async () => {
  await server.close();
  await home.remove();
});

const options = (stdin: ProgramOptions["stdin"]) => ({
  home,
  env: { AI_CHAT_TOKEN: "tok", AI_CHAT_SERVER: server.url },
  stdin,
});

const asked: [why: string, args: string[], stdin: ProgramOptions["stdin"], question: string][] = [
  ["words become the question", ["ask", "what", "is  it"], undefined, "what is  it"],
  [
    "a pipe follows the words after a blank line",
    ["ask", "sum", "up"],
    { pipe: "one\ntwo\n" },
    "sum up\n\none\ntwo",
  ],
  [
    "a file follows the words after a blank line",
    ["ask", "sum up"],
    { file: "one\r\n\r\n" },
    "sum up\n\none",
  ],
  ["a pipe without words is the question", ["ask"], { pipe: "why?\n" }, "why?"],
  ["a file without a command is the question", [], { file: "why?" }, "why?"],
  ["a pipe with options and without a command is the question", ["-q"], { pipe: "why?" }, "why?"],
  ["an empty pipe adds nothing", ["ask", "hi"], { pipe: "" }, "hi"],
  ["a pipe of line ends adds nothing", ["ask", "hi"], { pipe: "\n\n" }, "hi"],
  ["leading spaces of stdin are kept", ["ask", "hi"], { pipe: "  x" }, "hi\n\n  x"],
  ["a socket is not read", ["ask", "hi"], { socket: "not this" }, "hi"],
  ["a socket is read if the first word is a dash", ["ask", "-", "hi"], { socket: "this" }, "hi\n\nthis"],
  ["a socket is read if the last word is a dash", ["ask", "hi", "-"], { socket: "this" }, "hi\n\nthis"],
  ["a socket is read if the only word is a dash", ["ask", "-"], { socket: "this" }, "this"],
  ["a dash in the middle is text", ["ask", "5", "-", "3"], { socket: "not this" }, "5 - 3"],
  ["a dash after -- is text", ["ask", "--", "-"], { socket: "not this" }, "-"],
  ["--no-stdin does not read a pipe", ["ask", "--no-stdin", "hi"], { pipe: "not this" }, "hi"],
  ["options after -- are text", ["ask", "-q", "--", "--json", "-x"], undefined, "--json -x"],
  ["a negative number is a word", ["ask", "is", "-5", "odd"], undefined, "is -5 odd"],
  [
    "options are accepted before and after the words",
    ["-q", "ask", "--timeout", "9", "hi", "--no-input"],
    undefined,
    "hi",
  ],
];

test.each(asked)("%s", async (_, args, stdin, question) => {
  const { code, stdout } = await runProgram(args, options(stdin));
  expect({ code, question: stdout && (JSON.parse(stdout) as string) }).toEqual({ code: 0, question });
});

test("ask reads stdin to its end, and prints a hint after a while", async () => {
  const running = await startProgram(["ask", "sum up"], options({ openPipe: true }));
  running.child.stdin?.write("one ");
  await running.sees("Waiting for the end of stdin", "stderr");
  running.endInput("two");
  const { code, stdout, stderr } = await running.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${JSON.stringify("sum up\n\none two")}\n` });
  expect(stderr).toMatch(/--no-stdin.*<\/dev\/null/);
});

const refused: [why: string, stdin: ProgramOptions["stdin"], told: RegExp][] = [
  ["more than 1 MiB", { pipe: "x".repeat(1024 * 1024 + 1) }, /more than 1 MiB/],
  ["nothing at all", { pipe: "" }, /no question: stdin was empty/],
];
test.each(refused)("ask refuses %s on stdin with a message: exit 2", async (_, stdin, told) => {
  const before = server.seen.length;
  const { code, stdout, stderr } = await runProgram(["ask"], options(stdin));
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(told);
  expect(server.seen).toHaveLength(before);
});

/** Runs `ask` with a word in the octal escapes of printf, which may be no UTF-8. */
const askBytes = (escapes: string) =>
  promisify(execFile)(
    "/bin/sh",
    ["-c", `exec "$0" "$1" ask "$(printf '${escapes}')"`, process.execPath, program],
    {
      env: programEnv(home, options(undefined).env),
    },
  );

test.runIf(process.platform === "linux")("ask refuses words that are not UTF-8: exit 2", async () => {
  const before = server.seen.length;
  await expect(askBytes(String.raw`latin \351`)).rejects.toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringContaining("The question is not UTF-8."),
  });
  expect(server.seen).toHaveLength(before);
});

test("ask takes a U+FFFD that was typed", async () => {
  expect((await askBytes(String.raw`a \357\277\275`)).stdout).toBe(`${JSON.stringify("a \ufffd")}\n`);
});

test("ask accepts 1 MiB on stdin", async () => {
  const { code, stdout } = await runProgram(["ask"], options({ file: "x".repeat(1024 * 1024) }));
  expect(code).toBe(0);
  expect(stdout).toHaveLength(1024 * 1024 + 3);
});

test("ask refuses a question of more than 1 MiB before sending anything, from many words or from stdin too", async () => {
  const before = server.seen.length;
  // One argument takes at most 128 KiB on Linux.
  const words = Array.from({ length: 11 }, () => "x".repeat(100_000));
  for (const [args, stdin] of [
    [words, undefined],
    [["sum up"], { file: "x".repeat(1024 * 1024) }],
  ] as const) {
    const told = await runProgram(["ask", ...args, "--json"], options(stdin));
    expect(told).toMatchObject({ code: 2, stdout: "" });
    expect(JSON.parse(told.stderr)).toEqual({
      error: { code: "payload_too_large", message: "The question has more than 1 MiB." },
    });
  }
  expect(server.seen).toHaveLength(before);
});

test("ask says what a question may have that is too long for the server", async () => {
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  expect((await runProgram(["register", "-s", "local", "-u", "me"], { home, env })).code).toBe(0);
  const at = (length: number) =>
    runProgram(["ask", "-s", "local"], { home, stdin: { pipe: "é".repeat(length) } });
  const told = await at(100_001);
  expect(told).toMatchObject({ code: 2, stdout: "" });
  expect(told.stderr).toContain("message must have at most 100000 characters.\nSend less.\n");
  expect((await at(100_000)).code).toBe(0);
});

test("an option of the session is none of the question that a pipe is without a command, and the hint names the session", async () => {
  const { code, stderr } = await runProgram(["--plain"], options({ pipe: "why?" }));
  expect(code).toBe(2);
  expect(stderr).toBe(
    "ai-chat: Without a command a pipe is a question of ask, which has no option --plain.\n" +
      "For the session: npx ai-chat chat --plain   Options of a question: npx ai-chat ask --help\n",
  );
});
