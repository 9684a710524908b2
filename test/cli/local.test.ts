import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { answer, openFakeOpenAi } from "../support/openai-server.ts";
import { prepareHome } from "../support/prepared-home.ts";
import { runInHome } from "../support/run-inside.ts";
import { makeHome, runProgram, startProgram, type Home } from "../support/run-program.ts";

let home: Home;
const copyHome = prepareHome((home) =>
  runProgram(["register", "-s", "local", "-u", "jane"], { home, env: { AI_CHAT_PASSWORD: "correct horse" } }),
);
beforeEach(async () => (home = await copyHome()));
afterEach(() => home.remove());

const tokens = async () => (await runInHome(["balance", "-q"], { home })).stdout.trim();

test("the note about the default server names one's own server in words", async () => {
  const other = await makeHome();
  onTestFinished(() => other.remove());
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  const { stderr } = await runInHome(["register", "-s", "local", "-u", "jane"], { home: other, env });
  expect(stderr).toContain("Your default server is now your own server on this machine; another one");
});

test("what one's own server lacks is said in words, not with the address that it has for this command", async () => {
  const { stderr } = await runInHome(["ask", "-m", "big", "hello"], { home });
  expect(stderr).toContain("ai-chat: Your own server does not let a question choose its model.\n");
});

test("each command starts and stops the local server, and balances are kept", async () => {
  const { code, stdout } = await runProgram(["ask", "hello"], { home });
  expect(code).toBe(0);
  expect(stdout).toContain("Hello!");
  expect(await tokens()).toBe("3900");
});

test("commands that run at the same time share one server", async () => {
  // An AI without delay: the demo's pauses add up on a busy machine, and the owner waits at most 5 s for other answers.
  const ai = await openFakeOpenAi();
  onTestFinished(() => ai.close());
  ai.respond((request, response) =>
    answer(`You said: ${request.body.messages.at(-1).content}`)(request, response),
  );
  const env = { AI_CHAT_PROVIDER: "openai", AI_CHAT_BASE_URL: ai.url, AI_CHAT_MODEL: "fake-model" };
  const asked = await Promise.all(
    ["one", "two", "three"].map((word) => runProgram(["ask", word], { home, env })),
  );
  for (const [at, word] of ["one", "two", "three"].entries()) {
    expect(asked[at]?.code).toBe(0);
    // The command that runs the server waits for the other answers, and prints a line when that or closing takes long.
    expect(asked[at]?.stderr).toMatch(
      /^(?:(?:An answer to another session is|Your own server is still) .+\n)?$/,
    );
    expect(asked[at]?.stdout).toContain(`You said: ${word}`);
  }
  expect(await tokens()).toBe("3700");
});

test("a command uses a server that already runs on the folder, on any port, and leaves it running", async () => {
  const running = await startProgram(["serve", "--port", "0", "--log", "json"], { home });
  await running.sees("listening", "stderr");
  expect((await runProgram(["ask", "hello"], { home })).code).toBe(0);
  await running.sees("/api/chat", "stderr");
  expect(await tokens()).toBe("3900");
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
});

test("a command without a login starts no server: exit 4", async () => {
  const other = await makeHome();
  const { code, stderr } = await runInHome(["ask", "-s", "local", "hi"], { home: other });
  await other.remove();
  expect(code).toBe(4);
  expect(stderr).toContain("ai-chat login -s local");
});

test("a command without a setting of refills keeps those of the folder, and off switches them off", async () => {
  const next = async (env: Record<string, string> = {}) => {
    const { stdout } = await runInHome(["balance", "-s", "local", "--json"], { home, env });
    return (JSON.parse(stdout) as { next: { tokens: number } | null }).next?.tokens ?? null;
  };
  expect(await next({ AI_CHAT_REFILL: "1000/day", AI_CHAT_REFILL_CAP: "none" })).toBe(1000);
  expect(await next()).toBe(1000);
  expect(await next({ AI_CHAT_REFILL: "off" })).toBe(null);
});

test("an invalid server setting is reported with the name of its variable: exit 2", async () => {
  const { code, stderr } = await runInHome(["balance"], { home, env: { AI_CHAT_PRICE: "free" } });
  expect(code).toBe(2);
  expect(stderr).toContain("AI_CHAT_PRICE must be");
  const cap = await runInHome(["balance"], { home, env: { AI_CHAT_REFILL_CAP: "5" } });
  expect(cap).toMatchObject({ code: 2, stderr: expect.stringContaining("without --refill") });
});

test("a session continues after the process that ran its server is killed, and charges each question once", async () => {
  const owner = await startProgram(["serve", "--port", "0", "--log", "silent"], { home });
  await owner.sees("Ctrl-C", "stderr");
  const session = await startProgram(["chat", "--plain"], { home, stdin: { openSocket: true } });
  session.child.stdin?.write("hello\n");
  await session.sees("3,900", "stderr");
  owner.child.kill("SIGKILL");
  await owner.ended;
  session.child.stdin?.write("hello again\n");
  await session.sees("3,800", "stderr");
  session.endInput();
  expect((await session.ended).code).toBe(0);
  expect(await tokens()).toBe("3800");
});
