import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { beginStream, openChatServer, refuse, sendEvent, streamAnswer } from "../support/chat-server.ts";
import type { SmallServer } from "../support/others-server.ts";
import { openRefusingPort } from "../support/refusing-port.ts";
import { makeHome, program, programEnv, type Home } from "../support/run-program.ts";
import { TELL_MODES } from "../support/terminal-modes.ts";
import { openTestServer } from "../support/test-server.ts";
import { openSession } from "./open-session.ts";
import { openRealTerminal } from "./terminal/real-terminal.ts";

let home: Home;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(async () => void (home = await makeHome()));
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
  await home.remove();
});

function session(args: string[], env: Record<string, string> = {}) {
  const opened = openSession({ home, args, env });
  open.push({ close: () => opened.end() });
  return opened;
}

type OnChat = (response: ServerResponse, message: string) => void | Promise<void>;

/** A chat server that answers questions with `onChat`. */
async function chatServer(onChat: OnChat): Promise<SmallServer> {
  const server = await openChatServer((response, seen) =>
    onChat(response, (JSON.parse(seen.body) as { message: string }).message),
  );
  open.push(server);
  return server;
}

async function realServer() {
  const server = await openTestServer();
  open.push(server);
  return server;
}

const questionsTo = (server: SmallServer) => server.seen.filter(({ url }) => url === "/api/chat/");

const echo: OnChat = (response, message) => streamAnswer(response, [`You said: ${message}`]);

/** Waits until the composer shows the row: the last row with its prefix, as a question above can look the same. */
const composed = (terminal: ReturnType<typeof openSession>, row: string) =>
  vi.waitFor(
    async () => {
      const rows = await terminal.screen();
      expect(rows.findLast((text) => text.startsWith(">"))).toBe(row);
    },
    { timeout: 60_000, interval: 50 },
  );

describe("too many questions", () => {
  it("are retried under the same key after a countdown", async () => {
    let tries = 0;
    const server = await chatServer((response, message) => {
      tries += 1;
      if (tries === 1) return refuse(response, 429, "rate_limited", { "retry-after": "5" });
      return echo(response, message);
    });
    const terminal = session(["-s", server.url]);
    await terminal.sees("3,900 tokens");
    terminal.type("a question\r");
    await terminal.onScreen(/asks again in \d s · Esc gives up · It is rate_limited/);
    await terminal.sees("You said: a question");
    await composed(terminal, "> Ask, or type / for commands");
    const [first, second, ...more] = questionsTo(server);
    expect(second?.headers["idempotency-key"]).toBe(first?.headers["idempotency-key"]);
    expect(more).toEqual([]);
    expect((await terminal.screen()).join()).not.toContain("asks again");
  });

  it("are back in the composer, complete, when Esc cancels the wait", async () => {
    const server = await chatServer((response) =>
      refuse(response, 429, "rate_limited", { "retry-after": "60" }),
    );
    const terminal = session(["-s", server.url]);
    await terminal.sees("3,900 tokens");
    terminal.type("a question\r");
    await terminal.onScreen(/asks again in \d+ s/);
    await composed(terminal, "> Ask, or type / for commands");
    terminal.type("\u001b");
    await terminal.sees(/^stopped/);
    await composed(terminal, "> a question");
    expect(questionsTo(server)).toHaveLength(1);
  });

  it("are back in the composer at once, with the time to wait, when the wait would be long", async () => {
    const server = await chatServer((response) =>
      refuse(response, 429, "rate_limited", { "retry-after": "3600" }),
    );
    const terminal = session(["-s", server.url]);
    await terminal.sees("3,900 tokens");
    terminal.type("a question\r");
    await terminal.sees("Try again in 60 minutes.");
    await composed(terminal, "> a question");
    expect(questionsTo(server)).toHaveLength(1);
  });
});

describe("the first run", () => {
  it("with a taken name asks for another name, and not for the password again", async () => {
    const server = await realServer();
    await server.token("jane");
    const terminal = session(["-s", server.url], { AI_CHAT_TOKEN: "" });
    await terminal.onScreen("I'm new: register");
    terminal.type("\r");
    await terminal.onScreen("Username:");
    terminal.type("Jane\r");
    await terminal.onScreen("Password:");
    terminal.type("a long password\r");
    await terminal.onScreen("Password once more:");
    terminal.type("a long password\r");
    await terminal.onScreen("This username is taken");
    await terminal.onScreen("Username: Jane");
    terminal.type("t\r");
    await terminal.onScreen(/Welcome, Janet · 4,000 tokens/);
    expect(terminal.output()).not.toContain("a long password");
  });

  it("at a named server that doesn't answer prints two lines, exits with 6 and draws nothing", async () => {
    const refusing = await openRefusingPort();
    open.push(refusing);
    const terminal = session(["-s", refusing.url]);
    const { code } = await terminal.ended();
    expect(code).toBe(6);
    const lines = (await terminal.text()).filter((line) => line !== "");
    expect(lines.slice(0, lines.indexOf("[code 6]"))).toEqual([
      `ai-chat: ${refusing.url} refused the connection.`,
      "Is the server running? Start it, or name another with --server URL.",
    ]);
    // Only colours: no mode, no cursor movement, no frame.
    expect(terminal.output()).not.toMatch(/\u001b\[[^m]*[^\dm;]/);
  });
});

describe("a paste of five megabytes", () => {
  it("is shown as one line that says it is too long, and is kept when Enter is refused", async () => {
    const server = await realServer();
    const token = await server.token("jane");
    const terminal = session(["-s", server.url], { AI_CHAT_TOKEN: token });
    await terminal.sees("4,000 tokens");
    terminal.type(`\u001b[200~${"a line of some log 日本\n".repeat(200_000)}\u001b[201~`);
    await terminal.onScreen("this server takes at most 48,000.");
    await composed(terminal, "> [Pasted 200,000 lines]");
    terminal.type(" why?\r");
    await terminal.sees("Nothing was sent: shorten it, and send it again.");
    await composed(terminal, "> [Pasted 200,000 lines] why?");
    expect(server.log.filter(({ path }) => path === "/api/chat/")).toEqual([]);
    expect((await server.balance(token)).tokens).toBe(4000);
    // Ctrl-C clears it, and the next question is sent.
    terminal.type("\u0003");
    await composed(terminal, "> Ask, or type / for commands");
    terminal.type("hello\r");
    await terminal.sees(/100 tokens · \d+ s/);
  });
});

describe("Ctrl-Z during an answer", () => {
  it("restores the terminal for the shell, and fg continues the answer, each line once", async () => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const pieces = ["first block\n\n", "second block\n\n", "third block\n"];
    const server = await chatServer(async (response) => {
      beginStream(response);
      sendEvent(response, "delta", { text: pieces[0]! + pieces[1]!.slice(0, 6) });
      await held;
      sendEvent(response, "delta", { text: pieces[1]!.slice(6) + pieces[2]! });
      const done = { response: pieces.join(""), tokens_deducted: 100, tokens_remaining: 3900 };
      sendEvent(response, "done", done);
      response.end();
    });
    const terminal = openRealTerminal("/bin/sh", ["-i"], {
      env: programEnv(home, { AI_CHAT_TOKEN: "tok" }),
    });
    open.push({ close: () => terminal.end() });
    terminal.type(`${process.execPath} ${program} chat -s ${server.url}\r`);
    await terminal.sees("3,900 tokens");
    terminal.type("a question\r");
    await terminal.onScreen(/^second/);
    terminal.type("a draft");
    await terminal.onScreen("> a draft");
    terminal.type("\u001a");
    await terminal.sees("Stopped");
    const away = terminal.output();
    expect(away).toContain("\u001b]2;… a question\u0007");
    expect(away.lastIndexOf("\u001b[23;2t")).toBeGreaterThan(away.lastIndexOf("\u001b[22;2t"));
    expect(away.lastIndexOf("\u001b[?2004l")).toBeGreaterThan(away.lastIndexOf("\u001b[?2004h"));
    expect(away.lastIndexOf("\u001b[?25h")).toBeGreaterThan(away.lastIndexOf("\u001b[?25l"));
    terminal.type(`${TELL_MODES}\r`);
    for (const mode of ["isig", "icanon", "echo"]) await terminal.sees(`mode ${mode}`);
    expect((await terminal.screen()).join("\n")).not.toContain("> a draft");
    // Text that arrives while the shell has the terminal is shown after fg.
    goOn();
    terminal.type("fg\r");
    await terminal.onScreen("> a draft");
    await terminal.sees(/100 tokens · \d+ s/);
    const back = terminal.output();
    expect(back.lastIndexOf("\u001b]2;a question\u0007")).toBeGreaterThan(back.lastIndexOf("\u001b[22;2t"));
    expect(back.lastIndexOf("\u001b[?2004h")).toBeGreaterThan(back.lastIndexOf("\u001b[?2004l"));
    const rows = await terminal.text();
    for (const block of ["first block", "second block", "third block"])
      expect(rows.filter((row) => row === block)).toHaveLength(1);
    expect(rows.filter((row) => row === "> a draft")).toHaveLength(1);
    expect(rows.filter((row) => row.includes("39 questions left"))).toHaveLength(1);
    expect(terminal.output()).not.toContain("\u001b[3J");

    // Another process stops it: some shells set their own modes then, others stay in raw mode, which needs the LF
    // (anthropics/claude-code#88249).
    process.kill(await terminal.child(), "SIGSTOP");
    await terminal.sees("Stopped", 2);
    terminal.type("fg\n");
    await terminal.sees("> a draft", 2);
    terminal.type(" goes on\r");
    await terminal.sees(/100 tokens · \d+ s/, 2);
    // A process in the background must not wait for the terminal at its end (oven-sh/bun#41505).
    terminal.type("\u001a");
    await terminal.sees("Stopped", 3);
    terminal.type('kill %1; bg %1; wait %1; echo "[code $?]"\r');
    await terminal.sees("[code 143]");
  });
});
