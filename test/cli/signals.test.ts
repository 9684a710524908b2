import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, openFakeOpenAi } from "../support/openai-server.ts";
import { events, http, openRawServer, type RawReply, type RawServer } from "../support/raw-server.ts";
import { makeHome, runProgram, startProgram, type Home } from "../support/run-program.ts";

/** Signals at each stage of a command. During an answer: streams.test.ts; at a password prompt: terminal.test.ts. */

let home: Home;
let server: RawServer;
let reply: RawReply;
/** Called for each request. */
let onRequest = () => {};
beforeAll(async () => {
  home = await makeHome();
  server = await openRawServer(() => {
    onRequest();
    return reply;
  });
});
afterAll(async () => {
  await server.close();
  await home.remove();
});

const env = { AI_CHAT_TOKEN: "tok", AI_CHAT_PASSWORD: "correct horse" };
const requested = () => new Promise<void>((resolve) => (onRequest = resolve));

const signals: [NodeJS.Signals, exit: number][] = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
];

describe("a command that waits for a silent server", () => {
  const waiting: [args: string[], signal: NodeJS.Signals, exit: number, says: RegExp][] = [
    ...signals.map(
      ([signal, exit]) =>
        [
          ["ask", "hi"],
          signal,
          exit,
          /^\S+ Interrupted\. The question may have been charged\.\n.*balance -s/,
        ] as [string[], NodeJS.Signals, number, RegExp],
    ),
    [["balance"], "SIGINT", 130, /^\S+ Interrupted\.\n.+\n$/],
    [["doctor"], "SIGTERM", 143, /\S+ Interrupted\.\n.+\n$/],
    [["login", "-u", "jane"], "SIGHUP", 129, /^\S+ Interrupted\.\n.+\n$/],
    [["register", "-u", "jane"], "SIGINT", 130, /The account may exist now. To log in: .* login -s http/],
    [
      ["password", "--password-stdin"],
      "SIGTERM",
      143,
      /The password may have changed. To log in with the new one: .* login -s http/,
    ],
  ];
  test.each(waiting)("%j ends at once on %s: exit %i", async (args, signal, exit, says) => {
    reply = () => {};
    const arrived = requested();
    const stdin = args[0] === "password" ? { file: "correct horse\nbattery staple\n" } : undefined;
    const running = await startProgram([...args, "-s", server.url], { home, env, stdin });
    await arrived;
    running.child.kill(signal);
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toMatch(says);
  });

  test("logout removes the token from the file before the signal", async () => {
    reply = () => {};
    const there = await makeHome();
    const file = join(there.dir, "config", "ai-chat", "credentials.json");
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, JSON.stringify({ [server.url]: { token: "t", username: "jane" } }));
    const arrived = requested();
    const running = await startProgram(["logout", "-s", server.url], { home: there });
    await arrived;
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(143);
    expect((await runProgram(["whoami", "-s", server.url], { home: there })).code).toBe(4);
    await there.remove();
  });
});

test.each(signals)(
  "%s while connecting or before a retry reports that nothing was charged: exit %i",
  async (signal, exit) => {
    // Accepts connections and never answers the TLS handshake.
    const mute = createServer((socket) => void socket.on("error", () => {})).listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const [connected, met] = [once(mute, "connection"), requested()];
    reply = http(503, { code: "overloaded", detail: "It is full." }, { "retry-after": "20" });
    const [connecting, repeating] = await Promise.all([
      startProgram(["ask", "hi", "-s", `https://127.0.0.1:${port}`], { home, env }),
      startProgram(["ask", "hi", "--json", "-s", server.url], { home, env }),
    ]);
    await connected;
    connecting.child.kill(signal);
    const ended = await connecting.ended;
    expect(ended).toMatchObject({ code: exit, stdout: "" });
    expect(ended.stderr).toMatch(/^\S+ Interrupted\. Nothing was charged\.\n.+\n$/);
    await met;
    repeating.child.kill(signal);
    const repeated = await repeating.ended;
    expect(repeated).toMatchObject({ code: exit, stdout: "" });
    expect(JSON.parse(repeated.stderr)).toMatchObject({ error: { code: "interrupted" } });
    mute.close();
  },
);

test("a signal while ask reads stdin ends it with the signal's exit code, and nothing is sent", async () => {
  const before = server.seen.length;
  const stages = [
    { args: ["ask", "hi", "-"], sees: "the end of stdin" },
    { args: ["login", "-u", "jane", "--password-stdin"], sees: "the password on stdin" },
  ];
  await Promise.all(
    stages.flatMap(({ args, sees }) =>
      signals.map(async ([signal, exit]) => {
        const running = await startProgram([...args, "-s", server.url], {
          home,
          env,
          stdin: { openSocket: true },
        });
        await running.sees(`Waiting for ${sees}`, "stderr");
        running.child.kill(signal);
        expect(await running.ended).toMatchObject({ code: exit, stdout: "" });
      }),
    ),
  );
  expect(server.seen).toHaveLength(before);
});

test("SIGPIPE is ignored: the failed write reports the closed pipe", async () => {
  const arrived = requested();
  let answerIt = () => {};
  reply = (socket) => {
    answerIt = () => void socket.end(http(200, { response: "Yes.", tokens_deducted: 100 }));
  };
  const running = await startProgram(["ask", "hi", "-s", server.url], { home, env });
  await arrived;
  running.child.kill("SIGPIPE");
  answerIt();
  expect(await running.ended).toMatchObject({ code: 0, stdout: "Yes.\n", stderr: "" });
});

describe("a command that runs the server of `local` itself", () => {
  test.each([
    ["before the first word", false, "4000", /Interrupted\. The question may have been charged/],
    ["during the answer", true, "3900", /Interrupted\. The question may have been charged/],
  ] as const)(
    "stops it on SIGTERM %s, charges as documented, and unlocks the folder",
    async (_when, begun, left, says) => {
      const there = await makeHome();
      const ai = await openFakeOpenAi();
      const own = {
        AI_CHAT_PROVIDER: "openai",
        AI_CHAT_BASE_URL: ai.url,
        AI_CHAT_MODEL: "fake-model",
        AI_CHAT_PASSWORD: "correct horse",
        AI_CHAT_SERVER: "local",
      };
      await runProgram(["register", "-u", "jane"], { home: there, env: own });
      ai.respond(answer([...(begun ? ["Half"] : []), new Promise(() => {})]));
      const running = await startProgram(["ask", "hi"], { home: there, env: own });
      const question = await ai.arrived(1);
      if (begun) await running.sees("Half");
      running.child.kill("SIGTERM");
      const { code, stdout, stderr } = await running.ended;
      expect({ code, stdout }).toEqual({ code: 143, stdout: begun ? "Half\n" : "" });
      expect(stderr).toMatch(says);
      await question.hungUp;
      // Starts its own server on the folder, which must be unlocked.
      const balance = await runProgram(["balance", "--json"], { home: there, env: own });
      expect(JSON.parse(balance.stdout)).toMatchObject({ tokens: Number(left), held: 0 });
      const folder = join(there.dir, "data", "ai-chat", "server");
      expect((await runProgram(["store", "check", folder], { home: there })).code).toBe(0);
      await ai.close();
      await there.remove();
    },
  );

  test("ends at once on a second signal, with the signal's exit code and no charge", async () => {
    const there = await makeHome();
    const ai = await openFakeOpenAi();
    const own = { AI_CHAT_PROVIDER: "openai", AI_CHAT_BASE_URL: ai.url, AI_CHAT_MODEL: "fake-model" };
    const serving = await startProgram(["serve", "--port", "0", "--log", "silent"], {
      home: there,
      env: own,
    });
    await serving.sees("Ctrl-C", "stderr");
    const password = { ...own, AI_CHAT_PASSWORD: "correct horse", AI_CHAT_SERVER: "local" };
    await runProgram(["register", "-u", "jane"], { home: there, env: password });
    ai.respond(answer([new Promise(() => {})]));
    const asking = await startProgram(["ask", "hi", "--json", "-s", "local"], { home: there, env: own });
    await ai.arrived(1);
    serving.child.kill("SIGTERM");
    await serving.sees("a second signal stops at once", "stderr");
    serving.child.kill("SIGINT");
    const { code, stderr } = await serving.ended;
    expect(code).toBe(130);
    expect(stderr).not.toContain("Stopped after");
    asking.child.kill("SIGINT");
    await asking.ended;
    const balance = await runProgram(["balance", "--json"], { home: there, env: password });
    expect(JSON.parse(balance.stdout)).toMatchObject({ tokens: 4000, held: 0 });
    await ai.close();
    await there.remove();
  });
});

/** A server with a drain delay of so many seconds, and an AI that never ends its answer. */
async function startDelayed(delay: string) {
  const there = await makeHome();
  const ai = await openFakeOpenAi();
  ai.respond(answer([new Promise(() => {})]));
  const serving = await startProgram(["serve", "--port", "0", "--drain-delay", delay, "--log", "json"], {
    home: there,
    env: { AI_CHAT_PROVIDER: "openai", AI_CHAT_BASE_URL: ai.url, AI_CHAT_MODEL: "fake-model" },
  });
  await serving.sees("listening", "stderr");
  const local = { home: there, env: { AI_CHAT_PASSWORD: "correct horse", AI_CHAT_SERVER: "local" } };
  await runProgram(["register", "-u", "jane"], local);
  return {
    serving,
    ask: async () => {
      const asking = await startProgram(["ask", "hi"], local);
      await ai.arrived(1);
      return asking;
    },
    close: async () => {
      await ai.close();
      await there.remove();
    },
  };
}

test.each([
  ["begins the drain, and serve ends with its last question", false, 0],
  ["begins the drain, and a third one ends serve at once", true, 130],
])("with a drain delay a second signal %s", async (_what, isAsked, code) => {
  const { serving, ask, close } = await startDelayed("3600");
  serving.child.kill("SIGTERM");
  await serving.sees("Everything is served for 3600 s", "stderr");
  const asking = isAsked ? await ask() : undefined;
  serving.child.kill("SIGTERM");
  await serving.sees("Draining", "stderr");
  if (asking) serving.child.kill("SIGINT");
  expect((await serving.ended).code).toBe(code);
  asking?.child.kill("SIGKILL");
  await asking?.ended;
  await close();
});

test("once a drain delay is over, a second signal ends serve at once", async () => {
  const { serving, ask, close } = await startDelayed("1");
  const asking = await ask();
  serving.child.kill("SIGTERM");
  await serving.sees("Draining", "stderr");
  serving.child.kill("SIGINT");
  expect((await serving.ended).code).toBe(130);
  asking.child.kill("SIGKILL");
  await asking.ended;
  await close();
});

test("SIGTERM while a reader of stdout takes nothing: the question may have been charged", async () => {
  reply = events(["delta", { text: "word ".repeat(400_000) }]);
  const running = await startProgram(["ask", "hi", "-s", server.url], { home, env });
  await running.sees("word");
  running.child.stdout?.pause();
  running.child.kill("SIGTERM");
  await once(running.child, "exit");
  running.child.stdout?.resume();
  const { code, stderr } = await running.ended;
  expect(code).toBe(143);
  expect(stderr).toMatch(/^\S+ Interrupted\. The question may have been charged\.\n/);
});
