import { spawn } from "@lydell/node-pty";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginStream, openChatServer, sendEvent, streamAnswer } from "../support/chat-server.ts";
import { makeHome, program, programEnv, runProgram, type Home } from "../support/run-program.ts";
import { openOthersServer, openSmallServer } from "../support/others-server.ts";

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

/** The program at a terminal of 80 columns; everything that the terminal got is in `screen()`. */
function atTerminal(args: readonly string[], env: Record<string, string> = {}, command = [program]) {
  const pty = spawn(process.execPath, [...command, ...args], {
    cols: 80,
    rows: 24,
    env: programEnv(home, { TERM: "xterm-256color", AI_CHAT_TOKEN: "tok", ...env }),
  });
  let got = "";
  const waiting = new Set<() => void>();
  pty.onData((data) => {
    got += data;
    for (const look of waiting) look();
  });
  const ended = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode }) => resolve(exitCode));
  });
  const sees = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!got.includes(wanted)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
      ended.then(
        () => reject(new Error(`It ended without ${JSON.stringify(wanted)}: ${JSON.stringify(got)}`)),
        reject,
      );
    });
  const kill = (signal: string) => pty.kill(signal);
  return { type: (keys: string) => pty.write(keys), kill, sees, ended, screen: () => got };
}

const answer = ["# Title\n\nSome **bold", "** text\x1b]0;owned\x07.\n\n- item\n"];

async function shown(args: string[], env?: Record<string, string>): Promise<string> {
  const server = await openChatServer((response) => streamAnswer(response, answer));
  const terminal = atTerminal(["ask", "-s", server.url, ...args, "hi"], env);
  expect(await terminal.ended).toBe(0);
  await server.close();
  return terminal.screen();
}

test("ask renders finished blocks in colour, strips the answer's control sequences, and tells the cost", async () => {
  const screen = await shown([]);
  expect(screen).toContain("\x1b[1mbold\x1b[0m text.");
  expect(screen).not.toContain("owned");
  expect(screen).toContain("100 tokens · 3,900 left");
  // No cursor movement: of all CSI sequences only colours, and the spinner's erasing of its own line.
  expect(
    screen.match(/\x1b\[[0-9;?]*[A-Za-ln-z]/g)?.filter((sequence) => sequence !== "\x1b[K") ?? [],
  ).toEqual([]);
});

const colourless: [args: string[], env: Record<string, string>][] = [
  [["--no-color"], {}],
  [[], { NO_COLOR: "1" }],
  [["--no-color"], { FORCE_COLOR: "1" }],
  [[], { NO_COLOR: "1", FORCE_COLOR: "1" }],
  [[], { FORCE_COLOR: "0" }],
];
test.each(colourless)("%j with %j shows no colours", async (args, env) => {
  const screen = await shown(args, env);
  expect(screen).toContain("bold text.");
  expect(screen).not.toMatch(/\x1b\[[\d;]*m/);
});

const colourful: Record<string, string>[] = [{ NO_COLOR: "" }, { CI: "true" }, { FORCE_COLOR: "1" }];
test.each(colourful)("%j shows colours", async (env) => {
  expect(await shown([], env)).toContain("\x1b[1mbold");
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

test("Ctrl-C in the middle of an answer leaves what came, and the charge is told: 130", async () => {
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

test("a typed password is never shown, a new one is asked for twice, and the terminal echoes again", async () => {
  const server = await openOthersServer();
  const terminal = atTerminal(["register", "-s", server.url], { AI_CHAT_TOKEN: "" });
  await terminal.sees("Username: ");
  terminal.type("jane\r");
  await terminal.sees("Password: ");
  terminal.type("geheim1x\x7f\r");
  await terminal.sees("Once more: ");
  terminal.type("other\r");
  await terminal.sees("two different");
  // Typed ahead, before the next label is there.
  terminal.type("geheim12\rgeheim12\r");
  expect(await terminal.ended).toBe(0);
  await server.close();
  expect(terminal.screen()).toContain("Welcome, jane");
  expect(terminal.screen()).not.toContain("geheim");
  expect(server.seen[0]?.body).toContain("geheim12");
});

test("password asks for the present one once and for the new one twice, and shows neither", async () => {
  const server = await openSmallServer((_seen, response) => void response.end('{"token":"another"}'));
  const terminal = atTerminal(["password", "-s", server.url]);
  await terminal.sees("Present password: ");
  terminal.type("geheim11\r");
  await terminal.sees("New password: ");
  terminal.type("geheim12\rgeheim12\r");
  expect(await terminal.ended).toBe(0);
  await server.close();
  expect(terminal.screen()).toMatch(/is changed[^]*AI_CHAT_TOKEN has ended/);
  expect(terminal.screen()).not.toContain("geheim");
  expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({ password: "geheim11", new_password: "geheim12" });
});

test("Ctrl-C at the password ends with 130, and the terminal echoes again", async () => {
  const command = `"$@"; echo "ended $?"; stty -a | grep -o " -\\?echo " | tr " " "<"`;
  const terminal = atTerminal([], { AI_CHAT_TOKEN: "" }, [
    "-e",
    'require("child_process").spawnSync("sh", ["-c", process.argv[1], "sh", ...process.argv.slice(2)], { stdio: "inherit" })',
    command,
    process.execPath,
    program,
    "login",
    "-s",
    "http://127.0.0.1:1",
    "-u",
    "jane",
  ]);
  await terminal.sees("Password: ");
  terminal.type("\x03");
  await terminal.ended;
  expect(terminal.screen()).toContain("ended 130");
  expect(terminal.screen()).toContain("<echo<");
});

test("ask without words at a terminal says how to ask: 2", async () => {
  const terminal = atTerminal(["ask"]);
  expect(await terminal.ended).toBe(2);
  expect(terminal.screen()).toContain('ask "What is a monad?"');
});

test("the session begins at a terminal without any command, and Ctrl-D leaves it with 0", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello."]));
  const terminal = atTerminal(["-s", server.url]);
  await terminal.sees("3,900");
  terminal.type("\x04");
  expect(await terminal.ended).toBe(0);
  await server.close();
});

test("SIGTERM ends the session with 143 and leaves the terminal's modes off", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello."]));
  const terminal = atTerminal(["-s", server.url]);
  await terminal.sees("3,900");
  terminal.kill("SIGTERM");
  expect(await terminal.ended).toBe(143);
  await server.close();
  expect(terminal.screen()).toContain("\x1b[?2004l");
});

test("a named server that doesn't answer ends the session before it is drawn: 6", async () => {
  const { code, stderr } = await runProgram(["chat", "--plain", "-s", "http://127.0.0.1:1"], { home });
  expect(code).toBe(6);
  expect(stderr.trimEnd().split("\n")).toHaveLength(2);
});
