import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { everyCommand, ofApi, ofNetwork, type Cause, type SpoiledCommand } from "../support/exit-causes.ts";
import { openRawServer, http, type RawServer } from "../support/raw-server.ts";
import { moveInto, runInside } from "../support/run-inside.ts";
import { makeHome, runProgram, type Ended, type Home } from "../support/run-program.ts";

const causes = [...ofApi, ...ofNetwork];
const byName = new Map(causes.map((cause) => [cause.name, cause]));

let home: Home;
/** The first part of the path names the cause, so that one server serves the whole table. */
let server: RawServer;
beforeAll(async () => {
  home = await makeHome();
  moveInto(home, { AI_CHAT_PASSWORD: "correct horse", AI_CHAT_TOKEN: "tok" });
  server = await openRawServer(({ url }) => byName.get(url.split("/")[1] ?? "")?.reply ?? http(404));
});
afterAll(async () => {
  await server.close();
  await home.remove();
  vi.unstubAllEnvs();
});

const words: Record<SpoiledCommand, string[]> = {
  ask: ["--no-stdin", "hi"],
  balance: [],
  whoami: [],
  usage: [],
  password: ["--password-stdin"],
  login: ["-u", "jane"],
  register: ["-u", "jane"],
};

const argsOf = (command: SpoiledCommand, { name, options = [] }: Cause): string[] => [
  command,
  "-s",
  `${server.url}/${name}`,
  ...options,
  ...words[command],
];

function spawned(command: SpoiledCommand, cause: Cause, ...more: string[]): Promise<Ended> {
  return runProgram([...more, ...argsOf(command, cause)], {
    home,
    env: { AI_CHAT_PASSWORD: "correct horse", AI_CHAT_TOKEN: "tok" },
    ...(command === "password" && { stdin: { pipe: "correct horse\nbattery staple\n" } }),
  });
}

function expectWords(ended: Omit<Ended, "signal">, { says, hint }: Cause): void {
  const [first, second, ...others] = ended.stderr.split("\n");
  expect(others).toEqual([""]);
  expect(first).toMatch(/^ai-chat: /);
  expect(first).toMatch(says);
  expect(second).toMatch(hint);
}

function expectJson(ended: Omit<Ended, "signal">, cause: Cause): void {
  const { code, status, requestId, retryAfter } = cause;
  expect(ended.stderr).toMatch(/^[^\n]+\n$/);
  expect(JSON.parse(ended.stderr)).toEqual({
    error: {
      code,
      message: expect.stringMatching(/\S/),
      ...(status !== undefined && { status }),
      ...(requestId !== undefined && { request_id: requestId }),
      ...(retryAfter !== undefined && { retry_after: retryAfter }),
    },
  });
}

const rows = causes.flatMap((cause) =>
  (cause.only ?? everyCommand).map((command) => [cause.name, command, cause] as const),
);
/** `password` reads passwords only from stdin, so it is spawned, below. */
const inside = rows.filter(([, command]) => command !== "password");

describe.concurrent("a failure prints two lines, or one JSON line with --json, and nothing on stdout", () => {
  test.each(inside)("%s in %s", async (_name, command, cause) => {
    const told = await runInside(argsOf(command, cause));
    const json = await runInside(["--json", ...argsOf(command, cause)]);
    for (const ended of [told, json]) expect(ended).toMatchObject({ code: cause.exit, stdout: "" });
    expectWords(told, cause);
    expectJson(json, cause);
  });
});

/**
 * The rows for which the built program is started: for `ask` and `password` the first cause of each exit code that they
 * can end with, for the other commands, which the table above covers, only the first cause.
 */
const ofEachCode = rows.filter(([, command, { exit }], at) => {
  const whole = command === "ask" || command === "password";
  return rows.findIndex((row) => row[1] === command && (!whole || row[2].exit === exit)) === at;
});

describe.concurrent("the built program ends with the row's exit code", () => {
  test.each(ofEachCode)("%s in %s", async (_name, command, cause) => {
    const [told, json] = await Promise.all([spawned(command, cause), spawned(command, cause, "--json")]);
    for (const ended of [told, json]) expect(ended).toMatchObject({ code: cause.exit, stdout: "" });
    expectWords(told, cause);
    expectJson(json, cause);
  });
});
