import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { beginStream, openChatServer, refuse, sendEvent, streamAnswer } from "../support/chat-server.ts";
import { makeHome, runProgram, startProgram, type Home } from "../support/run-program.ts";

let home: Home;
beforeAll(async () => {
  home = await makeHome();
});
afterAll(() => home.remove());

const env = { AI_CHAT_TOKEN: "tok" };

async function asked(pieces: readonly string[], ...more: string[]) {
  const server = await openChatServer((response) => streamAnswer(response, pieces));
  const ended = await runProgram(["ask", "-s", server.url, ...more, "hi"], { home, env });
  await server.close();
  return ended;
}

const endings: [pieces: string[], stdout: string][] = [
  [["Hello"], "Hello\n"],
  [["Hello\n"], "Hello\n"],
  [["Hello\n", "\n", "\n"], "Hello\n"],
  [["a\n", "\nb", "\n"], "a\n\nb\n"],
  [["\n\na"], "\n\na\n"],
];
test.each(endings)("ask prints the answer %j as %j, and nothing on stderr", async (pieces, stdout) => {
  expect(await asked(pieces)).toMatchObject({ code: 0, stdout, stderr: "" });
});

test("ask writes control sequences to a pipe unchanged, and adds no colours", async () => {
  expect((await asked(["**a** \x1b[31mred\x1b[0m\r\n"])).stdout).toBe("**a** \x1b[31mred\x1b[0m\r\n");
});

test("a failure during the answer ends the line, and the program with the failure's exit code", async () => {
  const server = await openChatServer((response) => {
    beginStream(response);
    sendEvent(response, "delta", { text: "Half an" });
    sendEvent(response, "error", { status: 502, code: "upstream_error", detail: "The AI failed." });
    response.end();
  });
  const { code, stdout, stderr } = await runProgram(["ask", "-s", server.url, "hi"], { home, env });
  await server.close();
  expect({ code, stdout }).toEqual({ code: 8, stdout: "Half an\n" });
  expect(stderr).toContain("The AI failed. Nothing was charged.");
});

test("a failure before the answer prints nothing on stdout", async () => {
  const server = await openChatServer((response) => refuse(response, 502, "upstream_error"));
  const { stdout } = await runProgram(["ask", "-s", server.url, "hi"], { home, env });
  await server.close();
  expect(stdout).toBe("");
});

test("ask ends with exit 0 and no message when stdout's reader closes, and disconnects from the server", async () => {
  let hungUp: Promise<unknown> | undefined;
  const server = await openChatServer((response) => {
    beginStream(response);
    hungUp = once(response, "close");
    const timer = setInterval(() => sendEvent(response, "delta", { text: "line\n" }), 5);
    response.on("close", () => clearInterval(timer));
  });
  const running = await startProgram(["ask", "-s", server.url, "hi"], { home, env });
  await running.sees("line");
  running.child.stdout?.destroy();
  expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
  await hungUp;
  await server.close();
});

test.each([["-V"], ["--help"], ["config", "list"]])(
  "%s ends with exit 0 and no message when stdout is closed before the first byte",
  async (...args) => {
    const running = await startProgram(args, { home });
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0, stderr: "" });
  },
);

const documents: string[][] = [["--help"], ["whoami"], ["balance", "--json"], ["ask", "hi"]];
test.each(documents)("%s fails with a message when stdout is on a full disk", async (...args) => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello"]));
  const ended = await runProgram([...args, "-s", server.url], { home, env, stdoutTo: "/dev/full" });
  await server.close();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/no space left/i);
});

const signals: [NodeJS.Signals, number][] = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
];
test.each(signals)(
  "%s during an answer disconnects, ends the line and prints the charge: exit %i",
  async (signal, exit) => {
    const open: ServerResponse[] = [];
    const server = await openChatServer((response) => {
      beginStream(response);
      sendEvent(response, "delta", { text: "Half" });
      open.push(response);
    });
    const running = await startProgram(["ask", "-s", server.url, "hi"], { home, env });
    await running.sees("Half");
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    await server.close();
    expect({ code, stdout }).toEqual({ code: exit, stdout: "Half\n" });
    expect(stderr).toMatch(/Interrupted. The question may have been charged.[^]*ai-chat balance/);
  },
);

test("SIGINT while ask reads stdin ends it with exit 130, and nothing is sent", async () => {
  const server = await openChatServer((response) => streamAnswer(response, ["Hello"]));
  const waiting = await startProgram(["ask", "-s", server.url, "hi", "-"], {
    home,
    env,
    stdin: { openSocket: true },
  });
  await waiting.sees("Waiting for the end of stdin", "stderr");
  waiting.child.kill("SIGINT");
  const { code, stdout } = await waiting.ended;
  await server.close();
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(server.seen).toHaveLength(0);
});

test("SIGINT before the first word ends ask with exit 130 and an empty stdout", async () => {
  let arrived: () => void;
  const question = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = await openChatServer(() => arrived());
  const running = await startProgram(["ask", "--json", "-s", server.url, "hi"], { home, env });
  await question;
  running.child.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  await server.close();
  expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "interrupted" } });
});

test("one SIGINT ends the line mode on a pipe, during an answer and between two: exit 130", async () => {
  const server = await openChatServer((response, { body }) => {
    if (body.includes("whole")) return streamAnswer(response, ["Whole"]);
    beginStream(response);
    sendEvent(response, "delta", { text: "Half" });
  });
  for (const [question, answer] of [
    ["half of it", "Half"],
    ["the whole", "Whole"],
  ] as const) {
    const stdin = { openSocket: true } as const;
    const running = await startProgram(["chat", "--plain", "-s", server.url], { home, env, stdin });
    running.child.stdin?.write(`${question}\n`);
    await running.sees(answer);
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130, stdout: `${answer}\n` });
  }
  await server.close();
});
