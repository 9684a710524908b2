import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { makeHome, program, programEnv, type Home } from "../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

/** Starts the program with an unread pipe as stderr. */
function start(args: string[]) {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: programEnv(home),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return { child, exited: once(child, "exit") };
}

test("SIGTERM ends a server with exit 0 while its log is unread", async () => {
  const { child, exited } = start(["serve", "--port", "0", "--json", "--log", "json"]);
  const [document] = (await once(child.stdout, "data")) as [Buffer];
  const { url } = JSON.parse(String(document)) as { url: string };
  const path = `${url}/${"x".repeat(4_000)}`;
  for (let times = 0; times < 1_200; times += 100) {
    await Promise.all(Array.from({ length: 100 }, async () => (await fetch(path)).text()));
  }
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
});

/** Each write to it fails with ENOSPC. */
const FULL = "/dev/full";

test.skipIf(!existsSync(FULL))(
  "SIGTERM ends a server with exit 0 while its log is on a full disk",
  async () => {
    const full = openSync(FULL, "w");
    const child = spawn(process.execPath, [program, "serve", "--port", "0", "--json", "--log", "json"], {
      stdio: ["ignore", "pipe", full],
      env: programEnv(home),
    });
    closeSync(full);
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    await once(child.stdout!, "data");
    child.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  },
);

/** Runs the program with a full pipe as stderr, whose reader is alive and reads nothing. */
const SCRIPT = `exec 3>&1
{ "$NODE" -e "$FILL"; "$NODE" "$PROGRAM" "$@" >&3; echo "ended with $?" >&3; } 2>&1 >/dev/null | "$NODE" -e "$IDLE"`;
const FILL = 'process.stderr.write("x".repeat(1e6)); setImmediate(() => process.exit())';
const IDLE = "setInterval(() => {}, 1e6)";

test.each([
  [["balance", "--nonsense"], 2],
  [["balance", "--nonsense", "--json"], 2],
  [["serve", "--port", "0", "--data", "/dev/null/x", "--log", "json"], 1],
])("%j ends with its exit code while stderr is unread", async (args, code) => {
  const child = spawn("sh", ["-c", SCRIPT, "sh", ...args], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
    env: programEnv(home, { NODE: process.execPath, PROGRAM: program, FILL, IDLE }),
  });
  onTestFinished(() => void process.kill(-child.pid!, "SIGKILL"));
  const [told] = (await once(child.stdout, "data")) as [Buffer];
  expect(String(told)).toBe(`ended with ${code}\n`);
});
