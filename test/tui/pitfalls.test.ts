// The pitfalls of docs/session.md#terminals that the built program can be tested for in a real terminal.
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { beginStream, openChatServer, refuse, sendEvent, streamAnswer } from "../support/chat-server.ts";
import type { SmallServer } from "../support/others-server.ts";
import { makeHome, preload, program, programEnv, type Home } from "../support/run-program.ts";
import { openSession, type SessionOptions } from "./open-session.ts";
import { openRealTerminal } from "./terminal/real-terminal.ts";

let home: Home;
let server: SmallServer | undefined;
let alone: ReturnType<typeof openRealTerminal> | undefined;
const open: ReturnType<typeof openSession>[] = [];

beforeEach(async () => void (home = await makeHome()));
afterEach(async () => {
  for (const session of open.splice(0)) await session.end();
  await alone?.end();
  alone = undefined;
  await server?.close();
  server = undefined;
  await home.remove();
});

type OnChat = (response: ServerResponse, message: string) => void | Promise<void>;
const echo: OnChat = (response, message) => streamAnswer(response, [`You said: ${message}`]);

async function talk(onChat: OnChat = echo, options: Omit<SessionOptions, "home"> = {}) {
  server = await openChatServer((response, seen) =>
    onChat(response, (JSON.parse(seen.body) as { message: string }).message),
  );
  const opened = openSession({ home, ...options, args: ["-s", server.url, ...(options.args ?? [])] });
  open.push(opened);
  await opened.sees("3,900 tokens");
  return opened;
}

const questions = () =>
  (server?.seen ?? [])
    .filter(({ url }) => url === "/api/chat/")
    .map(({ body }) => (JSON.parse(body) as { message: string }).message);

/** Whether a process has ended. Its state counts too: in a container without an init it can stay a zombie. */
async function isOver(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
  return stat.slice(stat.lastIndexOf(")")).startsWith(") Z");
}

describe("keys", () => {
  it("that crash Ink, and reports of the terminal, are ignored", async () => {
    const terminal = await talk();
    terminal.type(
      "\u001b[1;5P\u001b[1;5I\u001b[I\u001b[O\u001b[<0;1;1M\u001b]11;rgb:00/00/00\u0007\u001b[24;80R",
    );
    terminal.type("still here\r");
    await terminal.sees("You said: still here");
    expect(questions()).toEqual(["still here"]);
  });

  it("of a paste without an end go to the composer after a while, and nothing is sent", async () => {
    const terminal = await talk();
    terminal.type("\u001b[200~half of a paste\rand more\r");
    await terminal.sees("and more");
    expect(questions()).toEqual([]);
    terminal.type("\u0003");
    await terminal.onScreen("> Ask, or type /");
  });

  it("of a paste are stripped of control sequences", async () => {
    const terminal = await talk();
    terminal.type("\u001b[200~a\u001b[31mred\u001b]0;title\u0007\u0003\u0000 b\u001b[201~\r");
    await terminal.sees("You said: ared b");
    expect(questions()).toEqual(["ared b"]);
  });
});

describe("a terminal", () => {
  it("shows the session also when CI is set", async () => {
    const terminal = await talk(echo, { env: { CI: "true", GITHUB_ACTIONS: "true" } });
    terminal.type("hello\r");
    await terminal.sees("You said: hello");
    expect(questions()).toEqual(["hello"]);
  });

  it("gets no colour when NO_COLOR is set, whatever else is set", async () => {
    const terminal = await talk((response) => streamAnswer(response, ["# A\n\n**b** `c`\n"]), {
      env: { NO_COLOR: "1", FORCE_COLOR: "3", COLORTERM: "truecolor" },
    });
    terminal.type("hello\r");
    await terminal.sees(/100 tokens · \d+ s/);
    expect(terminal.output()).not.toMatch(/\u001b\[[1-9][\d;]*m|\u001b\]8/);
  });

  it("without UTF-8 gets only ASCII, except from an answer", async () => {
    const terminal = await talk(
      (response) => streamAnswer(response, ["- a\n\n> b\n\n|c|d|\n|-|-|\n|1|2|\n"]),
      {
        env: { LC_ALL: "C" },
      },
    );
    terminal.type("hello\r");
    await terminal.sees(/100 tokens - \d+ s/);
    terminal.type("/he");
    await terminal.sees("/help");
    expect(terminal.output()).toMatch(/^[\0-\x7f]*$/);
  });

  it("gets no control sequence from an answer or an error", async () => {
    const evil = "x\u001b]0;owned\u0007\u001b]52;c;b3duZWQ=\u0007\u009b31m\u001b[2J\u001bPq\u001b\\y";
    const terminal = await talk((response, message) => {
      if (message === "fail") return refuse(response, 403, `no ${evil}`);
      return streamAnswer(response, [
        `${evil} **${evil}**\n\n\`\`\`${evil}\n${evil}\n\`\`\`\n[a](https://b.c/${evil})`,
      ]);
    });
    terminal.type("answer\r");
    await terminal.sees(/100 tokens · \d+ s/);
    terminal.type("fail\r");
    await terminal.sees("It is no x");
    expect(terminal.output()).not.toMatch(/owned|b3duZWQ|\u009b|\u001b\[2J|\u001bP/);
  });

  it("keeps every line at 20 by 5, at 10 by 3 and after sixty small resizes, and its scrollback is never cleared", async () => {
    const LAST = 400;
    let goOn = () => {};
    const terminal = await talk(async (response) => {
      beginStream(response);
      for (let n = 1; n <= LAST; n += 1) {
        sendEvent(response, "delta", { text: `[${n}]\n\n` });
        if (n % 100 === 0) await new Promise<void>((resolve) => (goOn = resolve));
        else if (n % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 4));
      }
      sendEvent(response, "done", { response: "", tokens_deducted: 100, tokens_remaining: 3800 });
      response.end();
    });
    terminal.type("go\r");
    for (const [at, columns, rows] of [
      [100, 20, 5],
      [200, 10, 3],
      [300, 80, 24],
    ] as const) {
      await terminal.sees(`[${at - 1}]`);
      await terminal.resize(columns, rows);
      goOn();
    }
    await terminal.sees(`[${LAST - 1}]`);
    for (let i = 0; i < 60; i += 1) await terminal.resize(80 - (i % 12) * 2, 24 - (i % 5));
    await terminal.resize(80, 24);
    goOn();
    await terminal.sees(/100 tokens · \d+ s/);
    const found = (await terminal.text()).flatMap((row) => /^\[(\d+)\]/.exec(row)?.[1] ?? []);
    expect([...new Set(found)]).toEqual(Array.from({ length: LAST }, (_, i) => String(i + 1)));
    expect(terminal.output()).not.toContain("\u001b[3J");
    await terminal.onScreen("38 questions left", 1);
  });
});

describe("the end of the session", () => {
  it.each([
    ["an error in a timer", `setTimeout(() => { throw new Error("made by the test"); }, 0);`],
    ["an unhandled rejection", `void Promise.reject(new Error("made by the test"));`],
  ])("by %s restores the terminal and exits with 1", async (_, source) => {
    const env = await preload(home, `process.on("SIGUSR2", () => { ${source} });`);
    const terminal = await talk(echo, { env });
    process.kill(await terminal.programPid(), "SIGUSR2");
    expect(await terminal.ended()).toEqual({ code: 1, isRestored: true });
    expect((await terminal.text()).join("\n")).not.toMatch(/ at .*:\d+:\d+/);
  });

  it("by Ctrl-C in the form restores the terminal", async () => {
    server = await openChatServer(echo as never);
    const terminal = openSession({ home, args: ["-s", server.url], env: { AI_CHAT_TOKEN: "" } });
    open.push(terminal);
    await terminal.sees("I have an account");
    // Sent together: the second Ctrl-C counts only within 1.5 s.
    terminal.type("\u0003\u0003");
    expect(await terminal.ended()).toEqual({ code: 0, isRestored: true });
  });

  it("follows when the window is closed", async () => {
    const terminal = await talk((response) => {
      beginStream(response);
      sendEvent(response, "delta", { text: "First words.\n\nand more" });
    });
    terminal.type("go\r");
    await terminal.sees("First words.");
    const pid = await terminal.programPid();
    await terminal.closeWindow();
    await vi.waitFor(async () => expect(await isOver(pid)).toBe(true), { timeout: 60_000 });
  });
});

describe("Ctrl-C", () => {
  it("in an editor goes to the editor, and the typed text is kept", async () => {
    const script = join(home.dir, "editor.mjs");
    await writeFile(
      script,
      `process.on("SIGINT", () => { console.log("editor heard it"); process.exit(1); });
       console.log("editor runs"); setInterval(() => {}, 1000);`,
    );
    server = await openChatServer((response, seen) =>
      echo(response, (JSON.parse(seen.body) as { message: string }).message),
    );
    // Without a shell around it, which the same Ctrl-C would end.
    const terminal = openRealTerminal(process.execPath, [program, "chat", "-s", server.url], {
      env: programEnv(home, { AI_CHAT_TOKEN: "tok", EDITOR: `${process.execPath} ${script}` }),
    });
    alone = terminal;
    await terminal.sees("3,900 tokens");
    terminal.type("typed\u0007");
    await terminal.sees("editor runs");
    terminal.type("\u0003");
    await terminal.sees("editor heard it");
    // The session reads keys again only now.
    await terminal.onScreen("Your text is still here.");
    await terminal.onScreen("> typed");
    terminal.type("\r");
    await terminal.sees("You said: typed");
    await terminal.sees(/100 tokens · \d+ s/);
    terminal.type("\u0004");
    expect(await terminal.exited).toMatchObject({ exitCode: 0 });
  });
});

describe("/copy", () => {
  it("sends the code to the terminal and to the installed clipboard tool", async () => {
    const bin = join(home.dir, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "xclip"), `#!/bin/sh\nexec cat > '${join(home.dir, "copied")}'\n`);
    await chmod(join(bin, "xclip"), 0o755);
    const terminal = await talk((response) => streamAnswer(response, ["So:\n\n```sh\nnpm ci\n```\n"]), {
      env: { PATH: `${bin}:${process.env.PATH}`, DISPLAY: ":9" },
    });
    terminal.type("how\r");
    await terminal.sees(/100 tokens · \d+ s/);
    terminal.type("/copy 1\r");
    await terminal.sees("Copied code block 1.");
    expect(await readFile(join(home.dir, "copied"), "utf8")).toBe("npm ci");
    expect(terminal.output()).toContain("\u001b]52;c;bnBtIGNp\u0007");
  });
});
