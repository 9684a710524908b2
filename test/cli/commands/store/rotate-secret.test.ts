import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

/** docs/hosting.md#end-all-logins */

let home: Home;
let dir: string;
beforeEach(async () => {
  home = await makeHome();
  dir = join(home.dir, "store");
});
afterEach(() => home.remove());

const run = (args: string[], env: Record<string, string> = {}) =>
  runProgram(args, { home, env: { AI_CHAT_PASSWORD: "correct horse", AI_CHAT_DATA: dir, ...env } });
const rotate = (...more: string[]) => run(["store", "rotate-secret", ...more]);
const balance = async () => (await run(["balance", "-s", "local"])).code;

test("a running server ends all logins with --now, and without it keeps them", async () => {
  const server = await startProgram(["serve", "--port", "0", "--data", dir], { home });
  await server.sees("Ctrl-C", "stderr");
  expect(await run(["register", "-u", "jane", "-s", "local"])).toMatchObject({ code: 0 });
  const made = await rotate(dir, "--json");
  expect(JSON.parse(made.stdout)).toEqual({ store: dir, ended: false });
  expect(await balance()).toBe(0);
  expect(await rotate(dir, "--now")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("everybody has to log in again"),
  });
  await expect.poll(balance, { timeout: 20_000 }).toBe(4);
  expect((await stat(join(dir, "secret"))).mode & 0o777).toBe(0o600);
  expect(await run(["login", "-u", "jane", "-s", "local"])).toMatchObject({ code: 0 });
  expect(await balance()).toBe(0);
  server.child.kill("SIGTERM");
  await server.ended;
});

test("logins of before outlive a restart, and end with --now while no server runs", async () => {
  expect(await run(["register", "-u", "jane", "-s", "local"])).toMatchObject({ code: 0 });
  const first = await readFile(join(dir, "secret"));
  expect(await rotate(dir)).toMatchObject({ code: 0, stdout: expect.stringContaining("until they expire") });
  expect((await readFile(join(dir, "secret"))).includes(first.toString("base64"))).toBe(true);
  expect(await balance()).toBe(0);
  expect((await run(["store", "check", dir])).code).toBe(0);
  expect(await rotate(dir, "--now")).toMatchObject({ code: 0 });
  expect(await balance()).toBe(4);
});

test("what has no secret, or a broken one, is refused, and nothing is made", async () => {
  const none = await rotate(dir);
  expect(none).toMatchObject({ code: 2, stdout: "" });
  expect(none.stderr).toMatch(/no signing secret .*\n.*AI_CHAT_JWT_SECRET/);
  await expect(stat(dir)).rejects.toMatchObject({ code: "ENOENT" });
  expect(await run(["register", "-u", "jane", "-s", "local"])).toMatchObject({ code: 0 });
  await writeFile(join(dir, "secret"), "short");
  expect(await rotate(dir, "--now")).toMatchObject({ code: 1, stderr: expect.stringContaining("is broken") });
  expect(await readFile(join(dir, "secret"), "utf8")).toBe("short");
});

test("one store is named, without a password, and --now belongs to rotate-secret alone: exit 2", async () => {
  for (const words of [[], [dir, dir]]) expect(await rotate(...words)).toMatchObject({ code: 2, stdout: "" });
  const secret = await rotate("postgres://u:geheim@127.0.0.1/d");
  expect(secret.code).toBe(2);
  expect(secret.stderr).not.toContain("geheim");
  const check = await run(["store", "check", dir, "--now"]);
  expect(check).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("store check has no option --now"),
  });
  expect(await rotate(dir, "--ledger-key", "key")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("store rotate-secret has no option --ledger-key"),
  });
});
