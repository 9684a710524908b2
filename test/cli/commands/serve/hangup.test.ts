import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readAddress } from "../../../../src/server/stores/json/address.ts";
import { atTerminal } from "../../../support/at-terminal.ts";
import { openFakeOpenAi, type FakeOpenAi } from "../../../support/openai-server.ts";
import { makeHome, program, startProgram, type Home } from "../../../support/run-program.ts";

/** docs/server.md#read-the-configuration-again */

const SECRET = "geheim-4711";
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

const at = (name: string) => join(home.dir, name);
const write = (content: object) => writeFile(at("chat.json"), JSON.stringify(content));
const models = (price: number) => [
  { name: "small", base_url: ai.url, api_key_file: "key", price },
  { name: "large", base_url: ai.url },
];

/** The settings of refills in the ledger. */
async function refills(): Promise<unknown[]> {
  const lines = (await readFile(at("store/ledger.jsonl"), "utf8")).split("\n").filter((line) => line !== "");
  const facts = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return facts.flatMap(({ fact, tokens, period, cap }) => (fact === "refill" ? [[tokens, period, cap]] : []));
}

/** A server without a terminal. */
async function start(content: object) {
  await writeFile(at("key"), "sk-first");
  await write({ data: "store", port: 0, log: "json", ...content });
  const env = { AI_CHAT_PROVIDER: "" };
  const server = await startProgram(["serve", "--config", at("chat.json")], { home, env });
  await server.sees('"listening"', "stderr");
  const url = await readAddress(at("store"));
  const call = async (path: string, body?: object, headers?: Record<string, string>) => {
    const reply = await fetch(`${url}/api/${path}/`, {
      ...(body && { method: "POST", body: JSON.stringify(body) }),
      headers: { "Content-Type": "application/json", ...headers },
    });
    return (await reply.json()) as Record<string, unknown>;
  };
  return { ...server, call, hangUp: () => server.child.kill("SIGHUP") };
}

test("SIGHUP takes models, prices, keys and starting tokens, and names what needs a restart", async () => {
  const server = await start({ models: models(100), starting_tokens: 300 });
  await writeFile(at("key"), "sk-second");
  await write({
    data: "elsewhere",
    port: 1,
    bcrypt_cost: 5,
    log: "json",
    models: models(7),
    starting_tokens: 50,
  });
  server.hangUp();
  await server.sees("The configuration was read again; 2 models can be asked.", "stderr");
  await server.sees("Changed, but only after a restart: data, port.", "stderr");
  expect(await server.call("models")).toMatchObject({
    models: [{ name: "small", price: 7 }, { name: "large" }],
  });
  const jane = { username: "jane", password: "correct horse" };
  expect(await server.call("register", jane)).toMatchObject({ tokens: 50 });
  const { token } = await server.call("login", jane);
  const answer = await server.call("chat", { message: "hi" }, { Authorization: `Bearer ${String(token)}` });
  expect(answer).toMatchObject({ tokens_deducted: 7 });
  expect(ai.requests.at(-1)?.headers.authorization).toBe("Bearer sk-second");
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("SIGHUP takes refills, and the ledger has each setting once", async () => {
  const server = await start({ refill: "1000/day", starting_tokens: 300 });
  expect(await refills()).toEqual([[1000, "day", 300]]);
  const about = await fetch(`${await readAddress(at("store"))}/api/`);
  expect(await about.json()).toMatchObject({ refill: { tokens: 1000, period: "day", cap: 300 } });
  const hangUp = async (content: object, times: number) => {
    await write({ data: "store", port: 0, log: "json", ...content });
    server.hangUp();
    await server.sees("The configuration was read again", "stderr");
    await vi.waitFor(async () => expect(await refills()).toHaveLength(times), 60_000);
  };
  await hangUp({ refill: "1000/day", refill_cap: "none" }, 2);
  await hangUp({ refill: "1000/day", refill_cap: "none", price: 1 }, 2);
  await hangUp({}, 3);
  expect(await refills()).toEqual([
    [1000, "day", 300],
    [1000, "day", null],
    [null, "day", null],
  ]);
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("SIGHUP with a broken file changes nothing, says what is wrong and shows no secret", async () => {
  const server = await start({ models: models(100) });
  await write({ models: [{ name: "small", price: -1, api_key: SECRET }] });
  server.hangUp();
  await server.sees("The configuration was read again, and nothing has changed", "stderr");
  expect(await server.call("models")).toMatchObject({
    models: [{ name: "small", price: 100 }, { name: "large" }],
  });
  await write({ data: "store", port: 0, log: "json", models: models(8) });
  server.hangUp();
  await server.sees("2 models can be asked", "stderr");
  expect(await server.call("models")).toMatchObject({ models: [{ price: 8 }, {}] });
  server.child.kill("SIGTERM");
  const { stderr } = await server.ended;
  expect(stderr).toContain("models[0].price");
  expect(stderr).not.toContain(SECRET);
});

test("SIGHUP reads again what a file named by a variable says, twice", async () => {
  await writeFile(at("db-password"), SECRET);
  await writeFile(at("env-key"), "sk-first");
  const env = {
    PGPASSWORD_FILE: at("db-password"),
    AI_CHAT_API_KEY_FILE: at("env-key"),
    AI_CHAT_PROVIDER: "",
  };
  const args = ["serve", "--port", "0", "--base-url", ai.url, "--model", "m", "--log", "json"];
  const server = await startProgram(args, { home, env });
  await server.sees('"listening"', "stderr");
  server.child.kill("SIGHUP");
  await server.sees("1 model can be asked", "stderr");
  await writeFile(at("env-key"), "two words");
  server.child.kill("SIGHUP");
  await server.sees(
    "nothing has changed: AI_CHAT_API_KEY_FILE must be a file whose content is one key",
    "stderr",
  );
  server.child.kill("SIGTERM");
  expect((await server.ended).code).toBe(0);
});

test("SIGHUP ends a server at a terminal: exit 129", async () => {
  const terminal = atTerminal([process.execPath, program, "serve", "--port", "0"], { home });
  await terminal.sees("Ctrl-C");
  terminal.kill("SIGHUP");
  expect(await terminal.ended).toBe(129);
});
