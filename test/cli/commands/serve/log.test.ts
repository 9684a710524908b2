import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome, preload, startProgram, type Home } from "../../../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
});
afterEach(() => home.remove());

/** Starts a server with a JSON log, and asks it 50 things. */
async function asked(env: Record<string, string> = {}) {
  const running = await startProgram(["serve", "--port", "0", "--json", "--log", "json"], { home, env });
  let printed = "";
  running.child.stdout?.on("data", (text: string) => (printed += text));
  await running.sees("\n");
  const { url } = JSON.parse(printed) as { url: string };
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => (await fetch(`${url}/healthz?${i}`)).arrayBuffer()),
  );
  return running;
}

const requestsIn = (stderr: string) =>
  stderr.split("\n").filter((line) => line.startsWith("{") && JSON.parse(line).msg === "request").length;

test("every line of the log is written when the server ends", async () => {
  const running = await asked();
  running.child.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(requestsIn(stderr)).toBe(50);
});

test("every line of the log is written when an unexpected error ends the server", async () => {
  const crash = 'process.on("SIGUSR2", () => { throw new Error("crash"); });';
  const running = await asked(await preload(home, crash));
  running.child.kill("SIGUSR2");
  const { code, stderr } = await running.ended;
  expect(code).toBe(1);
  expect(requestsIn(stderr)).toBe(50);
});
