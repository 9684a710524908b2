import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { answer, openFakeOpenAi } from "../support/openai-server.ts";
import { makeHome, runProgram, startProgram, type Home } from "../support/run-program.ts";

let home: Home;
beforeEach(async () => {
  home = await makeHome();
  const env = { AI_CHAT_PASSWORD: "correct horse" };
  await runProgram(["register", "-s", "local", "-u", "jane"], { home, env });
});
afterEach(() => home.remove());

const tokens = async () => (await runProgram(["balance", "-q"], { home })).stdout.trim();

test("each command starts the user's own server and stops it; balances stay", async () => {
  const { code, stdout } = await runProgram(["ask", "hello"], { home });
  expect(code).toBe(0);
  expect(stdout).toContain("Hello!");
  expect(await tokens()).toBe("3900");
});

test("commands at the same time share one server", async () => {
  // An AI that answers at once: the demo's pauses add up on a busy machine, and leaving waits 5 s for others' answers.
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
    // Whoever runs the server waits for the others' answers, and says so where that, or closing, takes long.
    expect(asked[at]?.stderr).toMatch(
      /^(?:(?:An answer to another session is|Your own server is still) .+\n)?$/,
    );
    expect(asked[at]?.stdout).toContain(`You said: ${word}`);
  }
  expect(await tokens()).toBe("3700");
});

test("a server that runs on the folder is used, whatever its port, and is left running", async () => {
  const running = await startProgram(["serve", "--port", "0", "--log", "json"], { home });
  await running.sees("listening", "stderr");
  expect((await runProgram(["ask", "hello"], { home })).code).toBe(0);
  await running.sees("/api/chat", "stderr");
  expect(await tokens()).toBe("3900");
  running.child.kill("SIGTERM");
  expect((await running.ended).code).toBe(0);
});

test("without a login nothing is started: 4", async () => {
  const other = await makeHome();
  const { code, stderr } = await runProgram(["ask", "-s", "local", "hi"], { home: other });
  await other.remove();
  expect(code).toBe(4);
  expect(stderr).toContain("ai-chat login -s local");
});

test("a wrong setting of the server is told, with the name of its variable: 2", async () => {
  const { code, stderr } = await runProgram(["balance"], { home, env: { AI_CHAT_PRICE: "free" } });
  expect(code).toBe(2);
  expect(stderr).toContain("AI_CHAT_PRICE must be");
});

test("a session goes on when the process that ran its server is killed, and charges each question once", async () => {
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
