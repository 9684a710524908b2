import { afterAll, beforeAll, expect, test } from "vitest";
import { beginStream, openChatServer, sendEvent, streamAnswer } from "../support/chat-server.ts";
import { atTerminal as openAtTerminal } from "../support/at-terminal.ts";
import { makeHome, program, runProgram, type Home } from "../support/run-program.ts";
import { TELL_MODES } from "../support/terminal-modes.ts";
import { openOthersServer, openSmallServer } from "../support/others-server.ts";

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

/** The program at a terminal of 80 columns; `screen()` returns everything that it wrote there. */
const atTerminal = (args: readonly string[], env: Record<string, string> = {}) =>
  openAtTerminal([process.execPath, program, ...args], { home, env });

/** An sh script at a terminal, in which `ai` is the program. */
const shellAtTerminal = (script: string, env: Record<string, string> = {}) =>
  openAtTerminal(["/bin/sh", "-c", `ai() { "$NODE" "$PROGRAM" "$@"; }; ${script}`], {
    home,
    env: { NODE: process.execPath, PROGRAM: program, ...env },
  });

const answer = ["# Title\n\nSome **bold", "** text\x1b]0;owned\x07.\n\n- item\n"];

async function shown(args: string[], env?: Record<string, string>): Promise<string> {
  const server = await openChatServer((response) => streamAnswer(response, answer));
  const terminal = atTerminal(["ask", "-s", server.url, ...args, "hi"], env);
  expect(await terminal.ended).toBe(0);
  await server.close();
  return terminal.screen();
}

test("ask renders finished blocks in colour, strips the answer's control sequences, and prints the cost", async () => {
  const screen = await shown([]);
  expect(screen).toContain("\x1b[1mbold\x1b[0m text.");
  expect(screen).not.toContain("owned");
  expect(screen).toContain("100 tokens · 3,900 left");
  // No cursor movement: the only CSI sequences are colours and the one by which the spinner erases its line.
  expect(
    screen.match(/\x1b\[[0-9;?]*[A-Za-ln-z]/g)?.filter((sequence) => sequence !== "\x1b[K") ?? [],
  ).toEqual([]);
});

const colourless: [args: string[], env: Record<string, string>][] = [
  [[], { TERM: "vt100" }],
  [[], { TERM: "xterm-mono" }],
  [["--no-color"], {}],
  [[], { NO_COLOR: "1" }],
  [["--no-color"], { FORCE_COLOR: "1" }],
  [[], { NO_COLOR: "1", FORCE_COLOR: "1" }],
  [[], { FORCE_COLOR: "0" }],
];
test.each(colourless)("%j with %j shows no colours, and keeps the marks", async (args, env) => {
  const screen = await shown(args, env);
  expect(screen).toContain("**bold** text.");
  expect(screen).not.toMatch(/\x1b\[[\d;]*m/);
});

const colourful: Record<string, string>[] = [{ NO_COLOR: "" }, { CI: "true" }, { FORCE_COLOR: "1" }];
test.each(colourful)("%j shows colours", async (env) => {
  expect(await shown([], env)).toContain("\x1b[1mbold");
});

const themes: [theme: string, args: string[], code: string][] = [
  ["auto", [], "\x1b[36mcode\x1b[0m"],
  ["dark", [], "\x1b[38;5;116mcode\x1b[0m"],
  ["light", [], "\x1b[38;5;23mcode\x1b[0m"],
  ["light", ["--no-color"], "`code`"],
  ["none", [], "`code`"],
];
test.each(themes)("with the theme %s, ask %j shows code as %j", async (theme, args, code) => {
  const own = await makeHome();
  const server = await openChatServer((response) => streamAnswer(response, ["Some `code`.\n"]));
  await runProgram(["config", "set", "theme", theme], { home: own });
  const terminal = openAtTerminal([process.execPath, program, "ask", "-s", server.url, ...args, "hi"], {
    home: own,
  });
  expect(await terminal.ended).toBe(0);
  await server.close();
  await own.remove();
  expect(terminal.screen()).toContain(`Some ${code}.`);
});

const locales: [env: Record<string, string>, bullet: string][] = [
  [{ LANG: "C.UTF-8" }, "• item"],
  [{ LANG: "" }, "• item"],
  [{ LANG: "C" }, "* item"],
  [{ LC_ALL: "C", LANG: "en_US.UTF-8" }, "* item"],
  [{ LC_ALL: "", LC_CTYPE: "en_US.utf8", LANG: "C" }, "• item"],
];
test.each(locales)("with the locale %j a list item is %j", async (env, bullet) => {
  expect(await shown(["--no-color"], env)).toContain(bullet);
});

test("Ctrl-C during an answer keeps the text so far and prints the charge: exit 130", async () => {
  const server = await openChatServer((response) => {
    beginStream(response);
    sendEvent(response, "delta", { text: "First block.\n\nSecond blo" });
  });
  const terminal = atTerminal(["ask", "-s", server.url, "hi"]);
  await terminal.sees("First block.");
  terminal.type("\x03");
  expect(await terminal.ended).toBe(130);
  await server.close();
  expect(terminal.screen()).toMatch(/Second blo\r\n[^]*may have been charged/);
});

test("a typed password is never shown, a new one must be typed twice, and echo is on again afterwards", async () => {
  const server = await openOthersServer();
  const terminal = atTerminal(["register", "-s", server.url], { AI_CHAT_TOKEN: "" });
  await terminal.sees("Username: ");
  terminal.type("jane\r");
  await terminal.sees("Password: ");
  terminal.type("geheim1x\x7f\r");
  await terminal.sees("Once more: ");
  terminal.type("other\r");
  await terminal.sees("The two passwords differ.");
  // Typed before the next prompt is printed.
  terminal.type("geheim12\rgeheim12\r");
  expect(await terminal.ended).toBe(0);
  await server.close();
  expect(terminal.screen()).toContain("Welcome, jane");
  expect(terminal.screen()).not.toContain("geheim");
  expect(server.seen[0]?.body).toContain("geheim12");
});

test("password asks for the current password once and for the new one twice, and shows neither", async () => {
  const server = await openSmallServer((_seen, response) => void response.end('{"token":"another"}'));
  const terminal = atTerminal(["password", "-s", server.url]);
  await terminal.sees("Current password: ");
  terminal.type("geheim11\r");
  await terminal.sees("New password: ");
  terminal.type("geheim12\rgeheim12\r");
  expect(await terminal.ended).toBe(0);
  await server.close();
  expect(terminal.screen()).toMatch(/is changed[^]*AI_CHAT_TOKEN is no longer valid/);
  expect(terminal.screen()).not.toContain("geheim");
  expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ password: "geheim11", new_password: "geheim12" });
});

const promptEnds: [name: string, end: string, exit: number][] = [
  ["Ctrl-C", "\x03", 130],
  ["SIGINT", "", 130],
  ["SIGTERM", "", 143],
  ["SIGHUP", "", 129],
];
test.each(promptEnds)(
  "%s at the password prompt ends the command, and echo is on again",
  async (name, keys, exit) => {
    // The process id, so that the signal goes to the program and not to the shell.
    const terminal = shellAtTerminal(
      `sh -c 'echo "pid $$."; exec "$NODE" "$PROGRAM" login -s http://127.0.0.1:1 -u jane'
    echo "ended $?"; ${TELL_MODES}`,
      { AI_CHAT_TOKEN: "" },
    );
    await terminal.sees("Password: ");
    // The kernel delivers keys with a delay: a signal could arrive first, and the keys would then be echoed.
    if (keys === "") process.kill(Number(/pid (\d+)\./.exec(terminal.screen())?.[1]), name);
    else terminal.type(`gehe${keys}`);
    await terminal.ended;
    expect(terminal.screen()).toContain(`ended ${exit}`);
    expect(terminal.screen()).toContain("mode echo");
    expect(terminal.screen()).not.toContain("gehe");
  },
);

test("ask writes rendered text to a terminal and raw text to a pipe or a file, per stream", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["**bold**\n\nmore"]));
  const env = { AI_CHAT_SERVER: server.url };
  const screenOf = async (script: string) => {
    const terminal = shellAtTerminal(script, env);
    await terminal.ended;
    return terminal.screen().replaceAll("\r\n", "\n");
  };
  // stdin is the terminal, stdout is not: the bytes, without colours; the cost goes to stderr, which is visible.
  const bytes = "**bold**\n\nmore\n";
  expect(await screenOf(`ai ask hi >"$HOME/out"; cat "$HOME/out"`)).toBe(`100 tokens · 3,900 left\n${bytes}`);
  expect(await screenOf("ai ask hi 2>/dev/null | cat")).toBe(bytes);
  // stdout is the terminal, stdin is not: rendered, and stdin is part of the question.
  expect(await screenOf("echo one | ai ask hi 2>/dev/null")).toContain("\x1b[1mbold");
  expect(JSON.parse(server.seen.at(-1)?.body ?? "")).toMatchObject({ message: "hi\n\none" });
  // stderr is not the terminal, or only stderr is.
  expect(await screenOf(`ai ask hi 2>"$HOME/err"; cat "$HOME/err"`)).not.toContain("left");
  // (Through a file: with a pipe, stdout's reader and stderr would reach the terminal in any order.)
  expect(await screenOf(`ai ask hi </dev/null >"$HOME/out"; cat "$HOME/out"`)).toContain(bytes);
  await server.close();
});

test("a session needs a terminal at both ends and says so, and --plain needs none", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello."]));
  const screenOf = async (script: string) => {
    const terminal = shellAtTerminal(script, { AI_CHAT_SERVER: server.url });
    await terminal.ended;
    return terminal.screen();
  };
  for (const script of ["ai chat | cat; echo", "ai chat </dev/null", "echo hi | ai chat"])
    expect(await screenOf(script)).toMatch(/needs a terminal as stdin and stdout\.\r\n.*ask.*chat --plain/);
  expect(await screenOf("ai | cat")).toMatch(/no command, and no terminal for the session/);
  expect(server.seen).toEqual([]);
  expect(await screenOf("echo hi | ai chat --plain")).toContain("Hello.\r\n");
  expect(await screenOf("echo hi | ai chat --plain 2>/dev/null | cat")).toBe("Hello.\r\n");
  // Without a command, text from a pipe is a question.
  expect(await screenOf("echo hi | ai 2>/dev/null")).toBe("Hello.\r\n");
  await server.close();
});

test("ask without a question at a terminal prints how to ask: exit 2", async () => {
  const terminal = atTerminal(["ask"]);
  expect(await terminal.ended).toBe(2);
  expect(terminal.screen()).toContain('ask "What is a monad?"');
});

test("the program without a command at a terminal starts the session, and Ctrl-D ends it with exit 0", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello."]));
  const terminal = atTerminal(["-s", server.url]);
  await terminal.sees("3,900");
  terminal.type("\x04");
  expect(await terminal.ended).toBe(0);
  await server.close();
});

test("SIGTERM ends the session with exit 143 and resets the terminal's modes", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello."]));
  const terminal = atTerminal(["-s", server.url]);
  await terminal.sees("3,900");
  terminal.kill("SIGTERM");
  expect(await terminal.ended).toBe(143);
  await server.close();
  expect(terminal.screen()).toContain("\x1b[?2004l");
});

test("a session whose named server doesn't answer ends before it draws anything: exit 6", async () => {
  const { code, stderr } = await runProgram(["chat", "--plain", "-s", "http://127.0.0.1:1"], { home });
  expect(code).toBe(6);
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
});
