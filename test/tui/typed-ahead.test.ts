// What is typed before the program is loaded.
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openChatServer } from "../support/chat-server.ts";
import type { SmallServer } from "../support/others-server.ts";
import { makeHome, preload, program, programEnv, runProgram, type Home } from "../support/run-program.ts";
import { TELL_MODES } from "../support/terminal-modes.ts";
import { openRealTerminal } from "./terminal/real-terminal.ts";

let home: Home;
let server: SmallServer;
let terminal: ReturnType<typeof openRealTerminal> | undefined;

beforeEach(async () => {
  home = await makeHome();
  server = await openChatServer(() => {
    throw new Error("nothing may be sent");
  });
});
afterEach(async () => {
  await terminal?.end();
  terminal = undefined;
  await server.close();
  await home.remove();
});

/** sh: the program, its exit code, and the terminal's modes then. */
const SHELL = `"$0" "$@"; echo "[code $?]"; ${TELL_MODES}; echo [end]; read _`;

/**
 * Starts the program, whose main file is loaded only after `load()`. Resolves when that file is asked for, with the modes of
 * the terminal at that time printed.
 */
async function startLoading(args: string[], env: Record<string, string> = {}) {
  const gate = join(home.dir, "gate");
  const holding = await preload(
    home,
    `import { execFileSync } from "node:child_process";
    import fs from "node:fs";
    const { readFileSync } = fs;
    const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    fs.readFileSync = (path, ...rest) => {
      if (String(path).endsWith("/dist/main.js")) {
        const modes = execFileSync("stty", ["-a"], { encoding: "utf8", stdio: [0, "pipe", 2] });
        fs.writeSync(1, modes.match(/-?icanon|-?echo\\b/g).join(" ") + " [loading]\\r\\n");
        while (!fs.existsSync(${JSON.stringify(gate)})) pause();
        if (readFileSync(${JSON.stringify(gate)}, "utf8") === "fail") throw new Error("broken on purpose");
      }
      return readFileSync(path, ...rest);
    };`,
  );
  const started = openRealTerminal("/bin/sh", ["-c", SHELL, process.execPath, program, ...args], {
    env: programEnv(home, { AI_CHAT_TOKEN: "tok", AI_CHAT_SERVER: server.url, ...holding, ...env }),
  });
  terminal = started;
  await started.sees("[loading]");
  /** Appears whole: the program looks for it all the time. */
  const open = async (how: string) => {
    await writeFile(`${gate}.new`, how);
    await rename(`${gate}.new`, gate);
  };
  return { ...started, load: () => open("go"), fail: () => open("fail") };
}

/** Resolves at the end of the program to its exit code and the terminal's modes. */
async function endOf({ sees, text }: ReturnType<typeof openRealTerminal>) {
  await sees("[end]");
  const lines = (await text()).join("\n");
  return {
    code: Number(/\[code (\d+)\]/.exec(lines)?.[1]),
    isRestored: ["mode isig", "mode icanon", "mode echo"].every((mode) => lines.includes(mode)),
  };
}

/** How often the text is anywhere on the terminal. */
const count = async ({ text }: ReturnType<typeof openRealTerminal>, wanted: string) =>
  (await text()).join("\n").split(wanted).length - 1;

describe("what is typed while the program loads", () => {
  it.each([[[]], [["chat"]], [["chat", "--no-save"]]])(
    "is not echoed, and is in the composer of %j, without being sent",
    async (args) => {
      const session = await startLoading(args);
      expect(session.output()).toContain("-icanon -echo [loading]");
      session.type("first lime\u007f\u007fne\rsecönd\r");
      await session.load();
      await session.onScreen("> first line");
      await session.onScreen("  secönd");
      expect(await count(session, "first li")).toBe(1);
      session.type("\u0003\u0003\u0003");
      expect(await endOf(session)).toEqual({ code: 0, isRestored: true });
      expect(server.seen.filter(({ url }) => url === "/api/chat/")).toEqual([]);
    },
  );

  it("is dropped before a form", async () => {
    const session = await startLoading([], { AI_CHAT_TOKEN: "" });
    session.type("correct horse\r");
    await session.load();
    await session.sees("I'm new: register");
    session.type("\u001b[B\r");
    await session.sees("Username:");
    session.type("jane\r");
    await session.sees("Password");
    session.type("\u0004");
    expect(await endOf(session)).toMatchObject({ isRestored: true });
    expect(await count(session, "correct")).toBe(0);
    expect(session.output()).not.toContain("correct");
  });

  it("is text also if it was pasted, with a line end", async () => {
    const session = await startLoading(["-c"]);
    session.type("\u001b[200~pasted\r\u001b[201~");
    await session.load();
    await session.onScreen("> pasted");
    session.type("\u0003\u0003\u0003");
    expect(await endOf(session)).toEqual({ code: 0, isRestored: true });
  });

  it("is a line of the line mode that a setting chooses", async () => {
    await runProgram(["config", "set", "plain", "true"], { home });
    const session = await startLoading([]);
    session.type("/help\r");
    await session.load();
    await session.sees("/copy");
    await session.sees(/^\/help$/);
    session.type("\u0004");
    expect(await endOf(session)).toEqual({ code: 0, isRestored: true });
  });
});

describe("a program that ends while it loads, or right after", () => {
  it("is ended by Ctrl-C", async () => {
    const session = await startLoading([]);
    session.type("some words\u0003");
    await session.load();
    expect(await endOf(session)).toEqual({ code: 130, isRestored: true });
  });

  it("ends without a word if Ctrl-C is read before the session begins", async () => {
    const env = { AI_CHAT_PASSWORD: "correct horse" };
    await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
    const interrupts = await preload(
      home,
      `const { on } = process;
      process.on = function (name, listener) {
        if (name === "SIGTERM") setImmediate(() => process.emit("SIGINT", "SIGINT"));
        return on.call(this, name, listener);
      };`,
    );
    terminal = openRealTerminal("/bin/sh", ["-c", SHELL, process.execPath, program, "chat", "-s", "local"], {
      env: programEnv(home, interrupts),
    });
    expect(await endOf(terminal)).toEqual({ code: 130, isRestored: true });
    expect((await terminal.text())[0]).toBe("[code 130]");
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("restores the terminal at %s", async (signal, code) => {
    const session = await startLoading([]);
    process.kill(await session.child(), signal);
    await session.load();
    expect(await endOf(session)).toEqual({ code, isRestored: true });
  });

  it("restores the terminal after an error that nobody catches", async () => {
    const session = await startLoading([]);
    session.type("words");
    await session.fail();
    expect(await endOf(session)).toEqual({ code: 1, isRestored: true });
    await session.sees("broken on purpose");
  });

  it("ends when its window is closed", async () => {
    const session = await startLoading([]);
    const pid = await session.child();
    await session.end();
    await session.load();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 60_000 });
  });

  it.each([
    ["a usage error", ["-c", "--json"], 2],
    ["a help text", ["chat", "--help"], 0],
    ["a server that does not answer", ["-c", "-s", "127.0.0.1:9"], 6],
  ] as const)("restores the terminal after %s", async (_, args, code) => {
    const session = await startLoading([...args]);
    session.type("words");
    await session.load();
    expect(await endOf(session)).toEqual({ code, isRestored: true });
  });
});

describe("other ways to start", () => {
  it.each([
    ["ask", ["ask", "hi"], {}],
    ["the line mode", ["chat", "--plain"], {}],
    ["a dumb terminal", [], { TERM: "dumb" }],
    ["a screen reader", [], { ACCESSIBLE: "1" }],
  ] as const)("leave the echo on: %s", async (_, args, env) => {
    const session = await startLoading([...args], env);
    expect(session.output()).toContain("icanon echo [loading]");
    expect(session.output()).not.toContain("-echo");
  });
});
