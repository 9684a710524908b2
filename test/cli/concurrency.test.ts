import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { after, answer, openFakeOpenAi, type FakeOpenAi } from "../support/openai-server.ts";
import { openPerson } from "../support/person.ts";
import { makeHome, runProgram, startProgram, type Home, type Running } from "../support/run-program.ts";

vi.setConfig({ testTimeout: 240_000 });

let home: Home;
let ai: FakeOpenAi;
beforeEach(async () => {
  home = await makeHome();
  ai = await openFakeOpenAi();
});
afterEach(async () => {
  await ai.close();
  await home.remove();
});

const folder = () => join(home.dir, "data", "ai-chat", "server");
const urlOf = async () => (await readFile(join(folder(), "address"), "utf8")).trim();
/** Starts a server that is killed when the test ends. */
async function start(env: Record<string, string> = {}): Promise<Running> {
  const running = await startProgram(["serve", "--port", "0", "--log", "silent"], { home, env });
  onTestFinished(() => void running.child.kill("SIGKILL"));
  return running;
}

const isUp = (running: Running) => running.sees("Ctrl-C", "stderr");

async function stop({ child, ended }: Running) {
  child.kill("SIGTERM");
  return (await ended).code;
}

async function kill({ child, ended }: Running) {
  child.kill("SIGKILL");
  await ended;
}

test.each([1, 10])(
  "sixty questions at once on 4,000 tokens get forty answers and twenty 402 replies, from %d client(s)",
  async (clients) => {
    const env = { AI_CHAT_PROVIDER: "openai", AI_CHAT_BASE_URL: ai.url, AI_CHAT_MODEL: "fake-model" };
    const running = await start(env);
    await isUp(running);
    const url = await urlOf();
    const jane = await openPerson(url, "jane");
    // No answer is sent before forty questions have reached the AI: the tokens of all forty are then held.
    ai.respond(after(ai.arrived(40), answer("Yes.")));
    const people = Array.from({ length: clients }, () => jane.at(url));
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, at) => people[at % clients]!.ask({ streamed: at % 2 === 1 })),
    );
    expect(replies.filter(({ whole }) => whole)).toHaveLength(40);
    expect(replies.filter(({ status }) => status === 402)).toHaveLength(20);
    expect(await jane.balance()).toEqual({ tokens: 0, held: 0 });
    expect(ai.requests.filter(({ method }) => method === "POST")).toHaveLength(40);
    expect(await stop(running)).toBe(0);
    const checked = await runProgram(["store", "check", folder()], { home });
    expect(checked.stdout).toContain("42 lines, 1 account, 0 tokens");
  },
);

test("a server starts at once on the folder of a killed server, several times in a row", async () => {
  for (let round = 0; round < 3; round += 1) {
    const running = await start();
    await isUp(running);
    await kill(running);
  }
  const last = await start();
  await isUp(last);
  expect(await stop(last)).toBe(0);
});

test("twelve servers that start on one folder at once: one serves, and the others say why they do not", async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => start()));
  const fates = await Promise.all(
    all.map(async (running) =>
      Promise.race([
        isUp(running).then(
          () => "serves" as const,
          () => running.ended,
        ),
        running.ended,
      ]),
    ),
  );
  expect(fates.filter((fate) => fate === "serves")).toHaveLength(1);
  for (const fate of fates) {
    if (fate === "serves") continue;
    expect(fate).toMatchObject({ code: 1, stdout: "" });
    expect(fate.stderr).toMatch(/^ai-chat: Another ai-chat server uses the folder .*\n.*--data DIR.*\n$/);
  }
  const winner = all[fates.indexOf("serves")]!;
  expect((await fetch(`${await urlOf()}/readyz`)).status).toBe(200);
  expect(await stop(winner)).toBe(0);
});
