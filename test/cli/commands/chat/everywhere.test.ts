import { afterEach, beforeEach, expect, test } from "vitest";
import { openChatServer, streamAnswer } from "../../../support/chat-server.ts";
import type { SmallServer } from "../../../support/others-server.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";

/** `-c` and `-r` of the session, for which no server is named, with logins at two servers. */

let home: Home;
let first: SmallServer;
let second: SmallServer;
const open = () =>
  openChatServer((response, { body }) =>
    streamAnswer(response, [`You said: ${(JSON.parse(body) as { message: string }).message}`]),
  );
const run = (args: string[], input = "", env: Record<string, string> = {}) =>
  runProgram(args, { home, env: { AI_CHAT_PASSWORD: "correct horse", ...env }, stdin: { pipe: input } });
const chat = (input: string, args: string[], env: Record<string, string> = {}) =>
  run(["chat", "--plain", ...args], input, env);
const hostOf = ({ url }: SmallServer) => new URL(url).host;

beforeEach(async () => {
  home = await makeHome();
  [first, second] = await Promise.all([open(), open()]);
  for (const { url } of [first, second]) {
    await run(["login", "-u", "jane", "-s", url]);
    await run(["ask", "--save", "--no-stdin", `Who is ${url}?`, "-s", url]);
  }
});
afterEach(async () => {
  await Promise.all([first.close(), second.close()]);
  await home.remove();
});

test("-c goes on with the newest conversation of all servers, names its server, and talks to that one", async () => {
  expect((await run(["config", "get", "server"])).stdout.trim()).toBe(first.url);
  const { code, stdout, stderr } = await chat("two\n", ["-c"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "You said: two\n" });
  expect(stderr).toContain(`Going on with: Who is ${second.url}?`);
  expect(stderr).toContain(hostOf(second));
  const bodies = (server: SmallServer) => server.seen.filter(({ url }) => url === "/api/chat/").length;
  expect([bodies(first), bodies(second)]).toEqual([1, 2]);
});

test("-c takes no conversation of an account that is no longer the one there", async () => {
  await run(["login", "-u", "john", "-s", second.url]);
  expect((await chat("/quit\n", ["-c"])).stderr).toContain(`Going on with: Who is ${first.url}?`);
});

test("-c stays at the server that -s or AI_CHAT_SERVER names, and so does ask -c at its own", async () => {
  for (const { stderr } of [
    await chat("/quit\n", ["-c", "-s", first.url]),
    await chat("/quit\n", ["-c"], { AI_CHAT_SERVER: first.url }),
  ])
    expect(stderr).toContain(`Going on with: Who is ${first.url}?`);
  expect((await run(["ask", "-c", "--no-stdin", "and?"])).code).toBe(0);
  expect((await chat("/resume\n", ["-s", first.url])).stderr).not.toContain(second.url);
  expect((await chat("/quit\n", ["-c"])).stderr).toContain(`Going on with: Who is ${first.url}?`);
});

test("-r lists the conversations of all servers, and goes to the server of the chosen one", async () => {
  const { stderr } = await chat("/quit\n", ["-r"]);
  expect(stderr).toContain(`Who is ${first.url}?`);
  const id = /^([a-z0-9]{8}) {2}Who is .* {2}\(.*127\.0\.0\.1:\d+\)$/m.exec(stderr)?.[1] ?? "";
  const chosen = await chat(`/resume ${id}\ntwo\n`, ["-r"]);
  expect(chosen.stderr).toContain(`Now at ${hostOf(second)}.`);
  expect(chosen.stdout).toBe("You said: two\n");
  expect(second.seen.filter(({ url }) => url === "/api/chat/")).toHaveLength(2);
});
