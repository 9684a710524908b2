import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readAddress } from "../../../../src/server/stores/json/address.ts";
import { makeHome, preload, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

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
    Array.from({ length: 50 }, async (_, i) => (await fetch(`${url}/api/?${i}`)).arrayBuffer()),
  );
  return running;
}

/** Starts a server whose log is in a file, and what it wrote. */
async function startWithFile(content: object) {
  const config = join(home.dir, "chat.json");
  const path = join(home.dir, "chat.log");
  const configure = (more: object) =>
    writeFile(config, JSON.stringify({ data: "store", port: 0, log_file: "chat.log", ...content, ...more }));
  await configure({});
  const running = await startProgram(["serve", "--config", config], { home });
  await running.sees("Ctrl-C", "stderr");
  const url = await readAddress(join(home.dir, "store"));
  return {
    ...running,
    path,
    configure,
    get: async (route: string) => (await fetch(`${url}${route}`)).status,
    async hangUp(sees: string) {
      running.child.kill("SIGHUP");
      await running.sees(sees, "stderr");
    },
  };
}

const requestsIn = (stderr: string) =>
  stderr.split("\n").filter((line) => line.startsWith("{") && JSON.parse(line).msg === "request").length;

test("every line of the log is written when the server ends", async () => {
  const running = await asked();
  running.child.kill("SIGTERM");
  const { code, stderr } = await running.ended;
  expect(code).toBe(0);
  expect(requestsIn(stderr)).toBe(50);
  const last = JSON.parse(stderr.trim().split("\n").at(-1) ?? "") as object;
  expect(last).toMatchObject({
    level: "info",
    answered: 0,
    aborted: 0,
    msg: expect.stringMatching(/^Stopped after \d+ seconds?; 0 questions were answered\.$/) as unknown,
  });
});

test("every line of the log is written when an unexpected error ends the server", async () => {
  const crash = 'process.on("SIGUSR2", () => { throw new Error("crash"); });';
  const running = await asked(await preload(home, crash));
  running.child.kill("SIGUSR2");
  const { code, stderr } = await running.ended;
  expect(code).toBe(1);
  expect(requestsIn(stderr)).toBe(50);
});

/** docs/monitoring.md#a-log-file */
test("a log file has what happens, is opened again at SIGHUP, and ends with the last line", async () => {
  const server = await startWithFile({});
  const { path } = server;
  expect((await stat(path)).mode & 0o777).toBe(process.platform === "win32" ? 0o666 : 0o600);
  expect(await server.get("/api/?before")).toBe(200);
  expect(await server.get("/healthz")).toBe(200);
  await rename(path, `${path}.1`);
  await server.configure({ log_level: "debug" });
  await server.hangUp("1 model can be asked.");
  expect(await server.get("/healthz")).toBe(200);

  // What is not a log stays as it is, and the log goes on.
  await server.configure({ log_level: "error", price: -1 });
  await rename(path, `${path}.2`);
  await mkdir(path);
  await server.hangUp(`The log file ${path} is a folder. The log goes on in the file of before.`);
  await server.sees("nothing has changed", "stderr");
  expect(await server.get("/readyz")).toBe(200);
  server.child.kill("SIGTERM");
  const { code, stderr } = await server.ended;
  expect(code).toBe(0);
  const last = /Stopped after \d+ seconds?; 0 questions were answered\.\n$/;
  expect(stderr).toMatch(last);
  expect(stderr).toContain(`log      ${path}\n`);
  expect(stderr).not.toMatch(/ GET /);
  const [first, second] = [await readFile(`${path}.1`, "utf8"), await readFile(`${path}.2`, "utf8")];
  expect(first).toMatch(/^\d\d:\d\d:\d\d info ai-chat \S+ listens on http:\S+\n[^]*200 GET \/api\/ /);
  expect(first).not.toContain("healthz");
  expect(second).toMatch(/200 GET \/healthz [^]*is a folder[^]*200 GET \/readyz /);
  expect(second).toMatch(last);
});

test("settings of a log that contradict each other, or a file that cannot be a log, are said before the start", async () => {
  const path = join(home.dir, "chat.log");
  const check = (...args: string[]) => runProgram(["serve", "--check", ...args], { home });
  const silent = await check("--log-file", path, "--log", "silent");
  expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining("the log is silent")]);
  const inside = await check("--log-file", join(home.dir, "store/x.log"), "--data", join(home.dir, "store"));
  expect([inside.code, inside.stderr]).toEqual([2, expect.stringContaining("is in the data folder")]);
  expect((await check("--log-file", path)).code).toBe(0);
  await expect(stat(path)).rejects.toThrow("ENOENT");
  const started = await runProgram(["serve", "--log-file", join(home.dir, "no/chat.log")], { home });
  expect([started.code, started.stderr]).toEqual([2, expect.stringContaining("its folder does not exist")]);
});
