import { writeFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openConversations } from "../../../../src/client/conversations/conversations.ts";
import { beginStream, refuse, sendEvent, streamAnswer } from "../../../support/chat-server.ts";
import { openSmallServer, type SmallServer } from "../../../support/others-server.ts";
import { runInHome } from "../../../support/run-inside.ts";
import { makeHome, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

/** `ask` with `-c`, `-r` and `--save`: the conversation, the history that is sent, and the turn that is saved. */

let home: Home;
let server: SmallServer;
/** The answers to the next questions; when there are none left, the answer repeats the question. */
let answers: ((response: ServerResponse) => void)[];
let extensions: string[] | undefined;

const json = (response: ServerResponse, status: number, body: unknown) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
};
const sent = (body: string) => JSON.parse(body) as { message: string; history?: { content: string }[] };

async function openServer(): Promise<SmallServer> {
  return openSmallServer(({ url, body }, response) => {
    if (url === "/api/chat/") {
      const answer = answers.shift();
      if (answer) answer(response);
      else streamAnswer(response, [`You said: `, sent(body).message]);
    } else if (url === "/api/" && extensions) json(response, 200, { extensions, model: "tiny", price: 100 });
    else if (url === "/api/login/") json(response, 200, { token: "kept" });
    else json(response, 404, { detail: "Not found." });
  });
}

beforeEach(async () => {
  home = await makeHome();
  answers = [];
  extensions = ["history"];
  server = await openServer();
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

const folder = () => join(home.dir, "data", "ai-chat", "conversations");
const saved = () => openConversations({ dir: folder(), now: Date.now });
const turnsOf = async (id: string) =>
  (await saved().read(id)).exchanges.map(({ question, answer, stopped }) => [question, answer, stopped]);
const only = async () => {
  const [first, ...more] = await saved().list();
  expect(more).toEqual([]);
  return first?.id ?? "";
};

const env = { AI_CHAT_TOKEN: "tok" };
const run = (args: string[], { env: own = {} }: { env?: Record<string, string> } = { env }) =>
  runInHome(args, { home, env: own });
const ask = (...args: string[]) => run(["ask", "-s", server.url, ...args]);
const questions = () => server.seen.filter(({ url }) => url === "/api/chat/").map(({ body }) => sent(body));

test("--save starts a conversation and prints its ID, and -c continues it and sends the history", async () => {
  const { code, stdout, stderr } = await ask("--save", "one");
  const id = await only();
  expect({ code, stdout }).toEqual({ code: 0, stdout: "You said: one\n" });
  expect(stderr).toContain(`ask -r ${id} "…"`);
  expect(server.seen.map(({ url }) => url)).toEqual(["/api/chat/"]);

  expect(await ask("-c", "two")).toMatchObject({ code: 0, stdout: "You said: two\n", stderr: "" });
  expect(await ask("-r", id.slice(0, 3), "three")).toMatchObject({ code: 0, stdout: "You said: three\n" });
  expect(questions().map(({ history }) => history?.map(({ content }) => content))).toEqual([
    undefined,
    ["one", "You said: one"],
    ["one", "You said: one", "two", "You said: two"],
  ]);
  expect(await turnsOf(id)).toEqual([
    ["one", "You said: one", false],
    ["two", "You said: two", false],
    ["three", "You said: three", false],
  ]);
});

test("ask requests the server's offer only before it sends history, and once a day", async () => {
  const login = await run(["login", "-s", server.url, "-u", "jane"], {
    env: { AI_CHAT_PASSWORD: "geheim12" },
  });
  expect(login.code).toBe(0);
  const as = (...args: string[]) => run(["ask", "-s", server.url, ...args], {});
  for (const args of [
    ["--save", "one"],
    ["-c", "two"],
    ["-c", "three"],
  ])
    await as(...args);
  expect(server.seen.filter(({ url }) => url === "/api/")).toHaveLength(1);
  expect(questions().at(-1)?.history).toHaveLength(4);
  expect((await saved().list())[0]).toMatchObject({ username: "jane", server: server.url, turns: 3 });
});

test("a server without history gets none, which ask reports once, and the turn is saved", async () => {
  extensions = undefined;
  await ask("--save", "one");
  answers = [(response) => refuse(response, 429, "rate_limited", { "retry-after": "0" })];
  const { code, stderr } = await ask("-c", "two");
  expect(code).toBe(0);
  expect(stderr.match(/takes no history/g)).toHaveLength(1);
  expect(questions().map(({ history }) => history)).toEqual([undefined, undefined, undefined]);
  expect(await turnsOf(await only())).toHaveLength(2);
  expect((await ask("-c", "--json", "three")).stderr).toBe("");
});

test("--json and --stream name the conversation, or null without one", async () => {
  const none = await ask("--json", "x");
  expect(JSON.parse(none.stdout)).toMatchObject({ conversation: null });
  const begun = JSON.parse((await ask("--json", "--save", "one")).stdout) as { conversation: string };
  expect(begun.conversation).toBe(await only());
  const lines = (await ask("--json", "--stream", "-c", "two")).stdout.trimEnd().split("\n");
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ type: "done", conversation: begun.conversation });
});

test("-c without any conversation ends with exit 2 and sends nothing, and with --save starts one", async () => {
  const { code, stdout, stderr } = await ask("-c", "one");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/no saved conversation[^]*ask --save "…" -s /);
  expect(server.seen).toEqual([]);
  await ask("-c", "--save", "one");
  await ask("-c", "--save", "two");
  expect(await turnsOf(await only())).toHaveLength(2);
});

test("-c continues the newest conversation of this server and account", async () => {
  const conversations = saved();
  const turn = { answer: "a", tokensDeducted: null, model: null };
  const mine = conversations.start({ server: server.url, username: null });
  await conversations.append(mine, { ...turn, question: "mine" });
  for (const owner of [
    { server: server.url, username: "jane" },
    { server: "https://chat.example.org", username: null },
  ])
    await conversations.append(conversations.start(owner), { ...turn, question: "theirs" });
  expect((await ask("-c", "more")).code).toBe(0);
  expect(questions()[0]?.history?.[0]?.content).toBe("mine");
});

test("-r continues at the conversation's server, without another server's -s or AI_CHAT_TOKEN", async () => {
  const elsewhere = await openServer();
  try {
    await ask("--save", "one");
    const id = await only();
    const wrong = await run(["ask", "-s", elsewhere.url, "-r", id, "two"]);
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toContain(`was held at ${server.url}`);

    const chosen = { env: { ...env, AI_CHAT_SERVER: elsewhere.url } };
    const tokenless = await run(["ask", "-r", id, "two"], chosen);
    expect(tokenless.code).toBe(4);
    expect(tokenless.stderr).toContain(`login -s ${server.url}`);
    expect(questions()).toHaveLength(1);

    await run(["login", "-s", server.url, "-u", "jane"], { env: { AI_CHAT_PASSWORD: "geheim12" } });
    expect((await run(["ask", "-r", id, "two"], chosen)).code).toBe(0);
    expect(server.seen.at(-1)?.headers.authorization).toBe("Bearer kept");
    expect(elsewhere.seen).toEqual([]);
  } finally {
    await elsewhere.close();
  }
});

test.each([
  [["-r", "zzzzzzz9", "x"], "no conversation zzzzzzz9"],
  [["x", "-r"], "--resume needs the ID"],
  [["-c", "-r", "abc", "x"], "don't go together"],
  [["--save", "-r", "abc", "x"], "--save starts a conversation"],
])("ask %j ends with exit 2, says why, and sends nothing", async (args, words) => {
  const { code, stdout, stderr } = await ask(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(words);
  expect((await ask("--json", ...args)).stderr).toContain('{"error":{"code":"usage"');
  expect(server.seen).toEqual([]);
});

test("a failed turn isn't saved, even after part of its answer", async () => {
  answers = [
    (response) => refuse(response, 502, "upstream_error"),
    (response) => {
      beginStream(response);
      sendEvent(response, "delta", { text: "Half" });
      sendEvent(response, "error", { status: 502, code: "upstream_error", detail: "It failed." });
      response.end();
    },
  ];
  expect((await ask("--save", "one")).code).toBe(8);
  expect(await ask("--save", "two")).toMatchObject({ code: 8, stdout: "Half\n" });
  expect(await saved().list()).toEqual([]);
});

test.each(["SIGINT", "SIGTERM"] as const)("a turn that %s interrupts is saved as stopped", async (signal) => {
  answers = [
    (response) => {
      beginStream(response);
      sendEvent(response, "delta", { text: "Half" });
    },
  ];
  const running = await startProgram(["ask", "-s", server.url, "--save", "one"], { home, env });
  await running.sees("Half");
  running.child.kill(signal);
  const { stdout, stderr } = await running.ended;
  const id = await only();
  expect(stdout).toBe("Half\n");
  expect(stderr).toContain(`Saved as ${id}`);
  expect(await turnsOf(id)).toEqual([["one", "Half", true]]);
});

test("a turn is saved as stopped when stdout's reader closes, and as complete when stdout is full at the end", async () => {
  answers = [
    (response) => {
      beginStream(response);
      sendEvent(response, "delta", { text: "Half" });
      // Continues until the client disconnects.
      const timer = setInterval(() => sendEvent(response, "delta", { text: "." }), 20);
      response.on("close", () => clearInterval(timer));
    },
  ];
  const running = await startProgram(["ask", "-s", server.url, "--save", "one"], { home, env });
  await running.sees("Half");
  running.child.stdout?.destroy();
  expect((await running.ended).code).toBe(0);
  const id = await only();
  expect(await turnsOf(id)).toEqual([["one", expect.stringMatching(/^Half\.*$/), true]]);
  await saved().remove(id);

  answers = [(response) => json(response, 200, { response: "All of it", tokens_deducted: 100 })];
  const full = await runProgram(["ask", "-s", server.url, "--save", "one"], {
    home,
    env,
    stdoutTo: "/dev/full",
  });
  expect(full.code).toBe(1);
  expect(await turnsOf(await only())).toEqual([["one", "All of it", false]]);
});

test("an answer that can't be saved is printed with a note: exit 0", async () => {
  // A file in place of the folder stops root too.
  await mkdir(join(home.dir, "data", "ai-chat"), { recursive: true });
  await writeFile(folder(), "");
  const { code, stdout, stderr } = await ask("--save", "one");
  expect({ code, stdout }).toEqual({ code: 0, stdout: "You said: one\n" });
  expect(stderr).toMatch(/can't be kept: .*Move that file away/);
  const document = await ask("--save", "--json", "one");
  expect(document).toMatchObject({ code: 0, stderr: "" });
  expect(JSON.parse(document.stdout)).toMatchObject({ conversation: null });
});

test("--json names no conversation when the turn isn't saved, and the old conversation is unchanged", async () => {
  await ask("--save", "one");
  const id = await only();
  // A line of a newer version refuses further turns, for root too.
  const path = join(folder(), `${id}.jsonl`);
  const lines = (await readFile(path, "utf8")).split("\n");
  const broken = [(lines[0] ?? "").replace(/"version":\d+/, '"version":999'), ...lines.slice(1)].join("\n");
  expect(broken).not.toBe(lines.join("\n"));
  answers = [
    (response) => {
      writeFileSync(path, broken);
      streamAnswer(response, ["Too late"]);
    },
  ];
  const { code, stdout, stderr } = await ask("-r", id, "--json", "two");
  expect({ code, stderr, document: JSON.parse(stdout) as unknown }).toEqual({
    code: 0,
    stderr: "",
    document: {
      response: "Too late",
      tokens_deducted: 100,
      tokens: 3900,
      model: null,
      finish: null,
      turns_sent: null,
      conversation: null,
    },
  });
  expect(await readFile(path, "utf8")).toBe(broken);
});

test("--json names the conversation of a turn that was sent without history, because it is saved there", async () => {
  extensions = undefined;
  await ask("--save", "one");
  const id = await only();
  const { stdout, stderr } = await ask("-c", "--json", "two");
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toMatchObject({ conversation: id });
  expect(await turnsOf(id)).toHaveLength(2);
});

test("questions asked at once in one conversation are all saved, each once: all but one as forks, which is told", async () => {
  await ask("--save", "0");
  const first = await only();
  const asked = ["1", "2", "3"];
  const waiting: ServerResponse[] = [];
  answers = asked.map(() => (response) => {
    waiting.push(response);
    if (waiting.length < asked.length) return;
    for (const each of waiting) streamAnswer(each, ["Together"]);
  });
  const ended = await Promise.all(
    asked.map((question) => runProgram(["ask", "-s", server.url, "-r", first, question], { home, env })),
  );
  expect(ended.map(({ code }) => code)).toEqual(asked.map(() => 0));
  const told = ended.flatMap(({ stderr }) => /this is a fork of it, (\w{8})\./.exec(stderr)?.[1] ?? []);
  const all = (await saved().list()).map(({ id }) => id);
  expect(all.toSorted()).toEqual([first, ...told].toSorted());
  const kept = await Promise.all(
    all.map(async (id) => (await turnsOf(id)).map(([question]) => question).join()),
  );
  expect(kept.toSorted()).toEqual(asked.map((question) => `0,${question}`));
});

test("the session continues conversations saved by ask, and ask those saved by the session", async () => {
  await ask("--save", "one");
  const line = ["chat", "--plain", "-c", "-s", server.url];
  expect((await runProgram(line, { home, env, stdin: { pipe: "two\n" } })).code).toBe(0);
  expect((await ask("-c", "three")).code).toBe(0);
  expect(questions().map(({ history }) => history?.length ?? 0)).toEqual([0, 2, 4]);
  expect((await turnsOf(await only())).map(([question]) => question)).toEqual(["one", "two", "three"]);
});

test("the setting save applies only to the session, and ask saves only with --save", async () => {
  await run(["config", "set", "save", "false"], {});
  await ask("--save", "one");
  await ask("-c", "two");
  expect(await turnsOf(await only())).toHaveLength(2);
});
