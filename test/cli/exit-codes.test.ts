import { afterAll, beforeAll, expect, test } from "vitest";
import { beginStream, openChatServer, refuse, sendEvent, streamAnswer } from "../support/chat-server.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";
import { openRefusingPort } from "../support/refusing-port.ts";
import { runInHome } from "../support/run-inside.ts";

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

const env = { AI_CHAT_TOKEN: "tok" };
const ask = (server: string, ...more: string[]) =>
  runInHome(["ask", "-s", server, ...more, "hi"], { home, env });

const replies: [status: number, code: string, exit: number][] = [
  [400, "invalid_request", 2],
  [401, "invalid_token", 4],
  [401, "expired_token", 4],
  [402, "insufficient_tokens", 5],
  [403, "account_disabled", 4],
  [404, "not_found", 1],
  [405, "method_not_allowed", 1],
  [410, "answer_expired", 1],
  [413, "payload_too_large", 2],
  [415, "unsupported_media_type", 2],
  [422, "idempotency_key_reused", 2],
  [500, "internal_error", 1],
  [502, "upstream_error", 8],
  [503, "upstream_unavailable", 8],
  [503, "overloaded", 6],
  [503, "store_unavailable", 6],
  [503, "shutting_down", 6],
  [504, "upstream_timeout", 8],
];

test.each(replies)("a reply %i %s ends with exit %i, as text and as JSON", async (status, code, exit) => {
  const server = await openChatServer((response) => refuse(response, status, code));
  try {
    const told = await ask(server.url);
    expect(told).toMatchObject({ code: exit, stdout: "" });
    expect(told.stderr).toContain(`It is ${code}.`);
    expect(told.stderr.trimEnd().split("\n")).toHaveLength(2);
    const json = await ask(server.url, "--json");
    expect(json).toMatchObject({ code: exit, stdout: "" });
    expect(JSON.parse(json.stderr)).toEqual({
      error: { code, message: expect.stringContaining(code), status, request_id: "req-1" },
    });
  } finally {
    await server.close();
  }
});

test("ask does not wait when the wait would be too long: exit 7, with the seconds in the JSON line", async () => {
  const server = await openChatServer((response) =>
    refuse(response, 429, "rate_limited", { "retry-after": "99" }),
  );
  const { code, stderr } = await ask(server.url, "--json");
  await server.close();
  expect(code).toBe(7);
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "rate_limited", retry_after: 99 } });
  expect(server.seen).toHaveLength(1);
});

test("ask retries a question under the same key until it is answered", async () => {
  let tries = 0;
  const server = await openChatServer((response) => {
    tries += 1;
    if (tries < 3) refuse(response, 503, "overloaded", { "retry-after": "0" });
    else streamAnswer(response, ["At last."]);
  });
  const { code, stdout, stderr } = await ask(server.url);
  await server.close();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "At last.\n" });
  expect(stderr.match(/Trying again/g)).toHaveLength(2);
  const keys = server.seen.map(({ headers }) => headers["idempotency-key"]);
  expect(keys).toHaveLength(3);
  expect(new Set(keys).size).toBe(1);
});

test("a refused connection ends with exit 6 and says what to do", async () => {
  const nobody = await openRefusingPort();
  const { code, stderr } = await runProgram(["balance", "-s", nobody.url], { home, env });
  await nobody.close();
  expect(code).toBe(6);
  expect(stderr).toMatch(/refused the connection[^]*--server URL/);
});

test("ask without a token sends nothing: exit 4", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["x"]));
  const { code, stderr } = await runInHome(["ask", "-s", server.url, "hi"], { home });
  await server.close();
  expect(code).toBe(4);
  expect(stderr).toContain(`ai-chat login -s ${server.url}`);
  expect(server.seen).toHaveLength(0);
});

test("a silent server ends with exit 6, and the message says that the question may have been charged", async () => {
  const server = await openChatServer((response) => {
    beginStream(response);
    sendEvent(response, "delta", { text: "Half" });
  });
  // Long enough for the first half of the reply on a busy machine.
  const { code, stdout, stderr } = await ask(server.url, "--timeout", "5");
  await server.close();
  expect({ code, stdout }).toEqual({ code: 6, stdout: "Half\n" });
  expect(stderr).toMatch(/may have been charged[^]*ai-chat balance/);
});

test("a web page ends with exit 1 and bad_reply, and the message quotes its title", async () => {
  const server = await openChatServer((response) => void response.writeHead(200).end("<h1>Welcome</h1>"));
  const { code, stderr } = await ask(server.url, "--json");
  await server.close();
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({
    error: {
      code: "bad_reply",
      message: expect.stringContaining("is not a chat server (it answered with an HTML page)."),
    },
  });
});

test("an internal error prints its stack only with AI_CHAT_DEBUG=1", async () => {
  const server = await openChatServer((response) => refuse(response, 500, "internal_error"));
  const plain = await ask(server.url);
  const debug = await runProgram(["ask", "-s", server.url, "hi"], {
    home,
    env: { ...env, AI_CHAT_DEBUG: "1" },
  });
  await server.close();
  expect(plain.stderr).not.toMatch(/^ {4}at /m);
  expect(debug.stderr).toMatch(/^ {4}at /m);
});
