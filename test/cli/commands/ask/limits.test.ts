import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { answer, failure, openFakeOpenAi, type FakeOpenAi } from "../../../support/openai-server.ts";
import { makeHome, runProgram, type Home } from "../../../support/run-program.ts";
import { openTestServer, type TestServer } from "../../../support/test-server.ts";

/** What `ask` says of a conversation that the AI did not get as a whole, and of an answer that is not whole. */

let ai: FakeOpenAi;
let server: TestServer;
let token: string;
let home: Home;
beforeAll(async () => {
  ai = await openFakeOpenAi();
  server = await openTestServer({ baseUrl: ai.url, contextChars: 20 });
  token = await server.token("jane");
});
afterAll(async () => {
  await server.close();
  await ai.close();
});
beforeEach(async () => {
  home = await makeHome();
  ai.respond(answer("aaaa"));
});
afterEach(() => home.remove());

const run = (...args: string[]) => runProgram(args, { home, env: { AI_CHAT_TOKEN: token } });
const ask = (...args: string[]) => run("ask", "-s", server.url, ...args);
const got = () => ai.requests.at(-1)!.body.messages.map(({ content }: { content: string }) => content);

test("ask -c sends what the model takes, and notes on stderr what does not reach it", async () => {
  await ask("--save", "1111");
  for (const text of ["2222", "3333"]) expect((await ask("-c", text)).stderr).toBe("");
  expect(got()).toEqual(["1111", "aaaa", "2222", "aaaa", "3333"]);
  const fourth = await ask("-c", "4444");
  expect(fourth).toMatchObject({ code: 0, stdout: "aaaa\n" });
  expect(fourth.stderr).toBe("The oldest turn no longer reaches the AI.\n");
  expect(got()).toEqual(["2222", "aaaa", "3333", "aaaa", "4444"]);
  expect((await ask("-c", "5555")).stderr).toBe("The 2 oldest turns no longer reach the AI.\n");
  expect((await ask("-c", "-q", "6666")).stderr).toBe("");
  const { stdout, stderr } = await ask("-c", "--json", "7777");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ finish: "stop", turns_sent: 4 });
});

test("an answer that was cut is charged, noted on stderr, and told by show and export", async () => {
  ai.respond(answer("Once upon", { finish: "length" }));
  const { code, stdout, stderr } = await ask("--save", "1111");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "Once upon\n" });
  expect(stderr).toMatch(/^The answer is cut at the model's limit\.\nSaved as /);
  const told = JSON.parse((await ask("-c", "--json", "2222")).stdout) as Record<string, unknown>;
  expect(told).toMatchObject({ finish: "length", tokens_deducted: 100 });
  const id = String(told.conversation);
  const shown = await run("conversations", "show", id);
  expect(shown.stdout.match(/\*cut at the model's limit\*/g)).toHaveLength(2);
  const exported = await run("conversations", "export", id, "--format", "json");
  expect(JSON.parse(exported.stdout)).toMatchObject({ turns: [{ finish: "length" }, { finish: "length" }] });
});

test("a conversation that the AI refuses for its length costs nothing, and the error says so", async () => {
  const before = await server.settled(token);
  ai.respond(failure(400, { code: "context_length_exceeded", message: "Too long." }));
  const { code, stderr } = await ask("1111");
  expect(code).toBe(8);
  expect(stderr).toContain("longer than the AI can read. Ask for less, or start a new conversation.");
  expect(stderr.match(/Nothing was charged/g)).toHaveLength(1);
  expect(stderr).toContain("Send less.");
  expect(await server.settled(token)).toBe(before);
});

test("a question that is longer than the model takes is refused with the limit, before the AI is asked", async () => {
  const before = ai.requests.length;
  const { code, stderr } = await ask("x".repeat(21));
  expect(code).toBe(2);
  expect(stderr).toContain("message must have at most 20 characters.\nSend less.\n");
  expect(ai.requests).toHaveLength(before);
});
