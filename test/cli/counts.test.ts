import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { commands } from "../../src/cli/argv/commands.ts";
import { watchLoading, type Loaded } from "../support/loaded.ts";
import { openOthersServer, type SmallServer } from "../support/others-server.ts";
import {
  makeHome,
  program,
  programEnv,
  runProgram,
  startProgram,
  type Home,
} from "../support/run-program.ts";
import { PASSWORD } from "../support/test-server.ts";
import { openRealTerminal } from "../tui/terminal/real-terminal.ts";

// What a command loads is counted, because it is most of the time that a short command takes, and time is not the same
// on each machine.

/** A home in which jane is logged in at the server of others, and at `local`, and has a conversation. */
let prepared: Home;
let server: SmallServer;
beforeAll(async () => {
  prepared = await makeHome();
  server = await openOthersServer();
  const run = (...args: string[]) =>
    runProgram(args, { home: prepared, env: { AI_CHAT_PASSWORD: PASSWORD } });
  await run("register", "-s", "local", "-u", "jane");
  await run("register", "-s", server.url, "-u", "jane");
  await run("ask", "--save", "hello");
});
afterAll(async () => {
  await server.close();
  await prepared.remove();
});

/** A copy of the prepared home, and what a program loads that runs there. */
async function watched() {
  const home = await makeHome();
  onTestFinished(() => home.remove());
  for (const folder of ["config", "data", "state"])
    await cp(join(prepared.dir, folder), join(home.dir, folder), {
      recursive: true,
      errorOnExist: false,
    }).catch(() => {});
  const { env, loaded } = await watchLoading(home);
  return { home, env: { ...env, AI_CHAT_PASSWORD: PASSWORD }, loaded };
}

/** Runs a command to its end, successfully. */
async function loadedBy(args: string[]): Promise<Loaded> {
  const { home, env, loaded } = await watched();
  const ended = await runProgram(
    args.map((word) => word.replace("DATA", join(home.dir, "data/ai-chat/server"))),
    { home, env },
  );
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  return loaded();
}
const rows: Record<string, string[]> = {
  chat: ["chat", "--plain"],
  ask: ["ask", "hello"],
  register: ["register", "-u", "john"],
  login: ["login", "-u", "jane"],
  logout: ["logout"],
  whoami: ["whoami"],
  balance: ["balance", "-q"],
  servers: ["servers"],
  conversations: ["conversations", "list"],
  config: ["config", "path"],
  doctor: ["doctor"],
  completion: ["completion", "bash"],
  grant: ["grant", "jane", "100"],
  store: ["store", "check", "DATA"],
  password: ["password", "-s", "local"],
  usage: ["usage", "-s", "local"],
  version: ["--version"],
  help: ["help"],
};
test.each(Object.entries(rows))("%s", async (name, args) => {
  const l = await loadedBy(args).catch((e: unknown) => e as Error);
  if (l instanceof Error) {
    console.log(name, l.message);
    return;
  }
  console.log(
    name,
    l.files,
    l.bytes,
    l.packages.length > 14 ? l.packages.length : l.packages.join(" "),
    "| opened",
    l.opened.length,
    l.opened.map((p) => p.split("/").slice(-2).join("/")).join(" "),
    "|",
    [
      "child_process",
      "crypto",
      "http",
      "http2",
      "https",
      "tls",
      "worker_threads",
      "zlib",
      "fs/promises",
      "stream",
      "net",
      "v8",
      "readline",
      "dns",
    ]
      .filter((n) => l.ofNode.includes(n))
      .join(" "),
  );
});
test("drawn", async () => {
  const { home, env, loaded } = await watched();
  const session = openRealTerminal(process.execPath, [program, "chat", "-s", server.url], {
    env: programEnv(home, env),
  });
  onTestFinished(() => session.end());
  await session.sees("4,000 tokens").catch(() => {});
  session.type("\u0004");
  await session.exited;
  const l = await loaded();
  console.log(
    "drawn",
    l.files,
    l.bytes,
    l.packages.length,
    "| opened",
    l.opened.length,
    l.opened.map((p) => p.split("/").slice(-2).join("/")).join(" "),
    "|",
    [
      "child_process",
      "crypto",
      "http",
      "http2",
      "https",
      "tls",
      "worker_threads",
      "zlib",
      "fs/promises",
      "stream",
      "net",
      "v8",
      "readline",
      "dns",
    ]
      .filter((n) => l.ofNode.includes(n))
      .join(" "),
    l.packages.join(" "),
  );
});
void describe;
void startProgram;
void commands;
