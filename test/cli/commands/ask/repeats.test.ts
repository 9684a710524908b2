import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginStream, refuse, sendEvent, streamAnswer } from "../../../support/chat-server.ts";
import { openSmallServer } from "../../../support/others-server.ts";
import { openRefusingPort } from "../../../support/refusing-port.ts";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

/**
 * The retries of `ask` (docs/cli.md#retries) by the built program and the real clock. The unit test of askAgain covers
 * every case.
 */

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

const env = { AI_CHAT_TOKEN: "tok" };

/** A server that handles the first question with `first` and answers the others. */
function openServer(first: (response: ServerResponse) => void, extensions: string[] = []) {
  let met = false;
  return openSmallServer(({ url }, response) => {
    if (url === "/api/") return void response.end(JSON.stringify({ extensions }));
    if (met) return streamAnswer(response, ["At last."]);
    met = true;
    first(response);
  });
}

const again = (status: number, code: string, after?: string) => (response: ServerResponse) =>
  refuse(response, status, code, after === undefined ? {} : { "retry-after": after });
const lost = (response: ServerResponse) => void response.destroy();
const lostInTheMiddle = (response: ServerResponse) => {
  beginStream(response);
  sendEvent(response, "delta", { text: "Half" });
  setImmediate(() => response.destroy());
};

test.each<[what: string, first: (response: ServerResponse) => void, extensions?: string[]]>([
  ["tokens that are held", again(402, "tokens_held", "1")],
  ["a question in progress", again(409, "request_in_progress")],
  ["too many questions", again(429, "rate_limited", "1")],
  ["a 503 with a Retry-After", again(503, "overloaded", "1")],
  ["a lost connection to a server with idempotency keys", lost, ["idempotency"]],
])("after %s ask retries under the same key, and says so", async (_, first, extensions) => {
  const server = await openServer(first, extensions);
  const { code, stdout, stderr } = await runProgram(["ask", "-s", server.url, "hi"], { home, env });
  await server.close();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "At last.\n" });
  expect(stderr).toMatch(/^Trying again in 1 s: .*\n$/);
  const asked = server.seen.filter(({ url }) => url === "/api/chat/");
  expect(asked).toHaveLength(2);
  expect(new Set(asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
});

test.each<[what: string, exit: number, first: (response: ServerResponse) => void, said: RegExp, out: string]>(
  [
    ["a 503 without a Retry-After", 6, again(503, "store_unavailable"), /If it stays, tell whoever/, ""],
    ["an empty balance", 5, again(402, "insufficient_tokens"), /ai-chat balance/, ""],
    ["a 429 with too long a wait", 7, again(429, "rate_limited", "3600"), /again in 60 min/, ""],
    ["a 503 with too long a wait", 6, again(503, "overloaded", "31"), /again in 31 s/, ""],
    [
      "a lost connection to a server without idempotency keys",
      6,
      lost,
      /may have been charged[^]*ai-chat balance/,
      "",
    ],
    [
      "an HTML error page",
      1,
      (response) => {
        response.writeHead(500, { "content-type": "text/html" });
        response.end("<title>OperationalError at /api/chat/</title>");
      },
      /at \/api\/chat\/\. The question may have been charged\.\nTry again\. .* What is left: .*ai-chat balance -s /,
      "",
    ],
    ["a connection lost during the answer", 6, lostInTheMiddle, /may have been charged/, "Half\n"],
  ],
)("after %s ask fails without a retry", async (_, exit, first, said, out) => {
  const server = await openServer(first, exit === 6 && out !== "" ? ["idempotency"] : []);
  const { code, stdout, stderr } = await runProgram(["ask", "-s", server.url, "hi"], { home, env });
  await server.close();
  expect({ code, stdout }).toEqual({ code: exit, stdout: out });
  expect(stderr).toMatch(said);
  expect(stderr).not.toContain("Trying again");
  expect(server.seen.filter(({ url }) => url === "/api/chat/")).toHaveLength(1);
});

test("a refused connection is retried, without a message when --json is set", async () => {
  const nobody = await openRefusingPort();
  const words = await startProgram(["ask", "-s", nobody.url, "hi"], { home, env });
  await words.sees("Trying again in 1 s", "stderr");
  await words.sees("Trying again in 2 s", "stderr");
  const json = await runProgram(["ask", "--json", "-s", nobody.url, "hi"], { home, env });
  expect(json).toMatchObject({ code: 6, stdout: "" });
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: "unreachable" } });
  expect((await words.ended).code).toBe(6);
  await nobody.close();
});
