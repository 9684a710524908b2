import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openModelsServer, type ModelsServer } from "../../../support/models-server.ts";
import { runInHome } from "../../../support/run-inside.ts";
import { makeHome, type Home } from "../../../support/run-program.ts";

/** `ask` at a server with several models: which one a question names, and what is said where it can't. */

let home: Home;
let server: ModelsServer;
beforeEach(async () => {
  home = await makeHome();
  server = await openModelsServer();
});
afterEach(async () => {
  await server.close();
  await home.remove();
});

const run = (args: string[], env: Record<string, string> = {}) =>
  runInHome(args, { home, env: { AI_CHAT_TOKEN: "t", AI_CHAT_SERVER: server.url, ...env } });
const ask = (...args: string[]) => run(["ask", "--json", "--no-stdin", ...args, "hi"]);
const setModel = (name: string) => run(["config", "set", "model", name]);

test("the flag wins over the environment, and that over the setting", async () => {
  await setModel("setting");
  server.models = ["flag", "environment", "setting"].map((name) => ({ name, price: 1, default: false }));
  const environment = { AI_CHAT_ASK_MODEL: "environment" };
  await run(["ask", "--no-stdin", "hi"]);
  await run(["ask", "--no-stdin", "hi"], environment);
  await run(["ask", "--no-stdin", "-m", "flag", "hi"], environment);
  expect(server.asked()).toEqual(["setting", "environment", "flag"]);
});

test("the setting of another server is not used", async () => {
  await run(["config", "set", "model", "big", "-s", "https://chat.example.org"]);
  await ask();
  expect(server.asked()).toEqual([undefined]);
});

test("--json names the model that answered, with --stream too", async () => {
  expect(JSON.parse((await ask()).stdout)).toMatchObject({ model: "small", tokens_deducted: 100 });
  const { stdout } = await ask("--stream", "-m", "big");
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ type: "done", model: "big" });
  server.models = [];
  expect(JSON.parse((await ask()).stdout)).toMatchObject({ model: null });
});

test("a conversation goes on with its model, unless a flag names another", async () => {
  await ask("--save", "-m", "big");
  await ask("-c");
  await setModel("small");
  await ask("-c");
  await ask("-c", "-m", "small");
  await ask("-c");
  expect(server.asked()).toEqual(["big", "big", "big", "small", "small"]);
});

test("a conversation that named no model stays with the default that answered it", async () => {
  await ask("--save");
  server.models = [
    { name: "small", price: 100, default: false },
    { name: "huge", price: 2000, default: true },
  ];
  await ask("-c");
  expect(server.asked()).toEqual([undefined, "small"]);
});

test("a server with one model is not bound to its name", async () => {
  server.models = [{ name: "old", price: 100, default: true }];
  await ask("--save");
  server.models = [{ name: "new", price: 100, default: true }];
  expect((await ask("-c")).code).toBe(0);
  expect(server.asked()).toEqual([undefined, undefined]);
});

test("a conversation of an earlier version goes on with the default", async () => {
  await ask("--save", "-m", "big");
  const dir = join(home.dir, "data", "ai-chat", "conversations");
  const [file = ""] = await readdir(dir);
  const text = await readFile(join(dir, file), "utf8");
  expect(text).toContain(',"asked_model":"big"');
  await writeFile(join(dir, file), text.replace(',"asked_model":"big"', ""));
  await ask("-c");
  expect(server.asked()).toEqual(["big", "small"]);
});

test("a model that is gone is an error with the names, and nothing else is asked", async () => {
  await ask("--save", "-m", "big");
  server.models = [{ name: "other", price: 1, default: true }];
  const { code, stderr: failure } = await ask("-c");
  expect([code, JSON.parse(failure)]).toEqual([
    2,
    { error: expect.objectContaining({ message: expect.stringContaining("other"), status: 400 }) },
  ]);
  const { stderr } = await run(["ask", "--no-stdin", "-c", "hi"]);
  expect(stderr.split("\n")[1]).toBe("Name one of them with -m NAME.");
  expect(server.asked()).toEqual(["big", "big", "big"]);
});

test("at a server without models a flag is not_offered, and nothing is sent", async () => {
  server.models = [];
  const { code, stderr } = await ask("-m", "big");
  expect([code, JSON.parse(stderr)]).toMatchObject([1, { error: { code: "not_offered" } }]);
  expect(server.asked()).toEqual([]);
});

test("at a server without models a setting and a variable are left out, with one note", async () => {
  await setModel("big");
  server.models = [];
  const note = "This server has no choice of models: the question does not name big.\n";
  expect(await run(["ask", "--no-stdin", "hi"])).toMatchObject({ code: 0, stderr: note });
  const env = { AI_CHAT_ASK_MODEL: "big" };
  expect(await run(["ask", "--no-stdin", "hi"], env)).toMatchObject({ code: 0, stderr: note });
  expect(server.asked()).toEqual([undefined, undefined]);
});

test("serve has a --model of its own, with the same short form", async () => {
  expect(await run(["serve", "-m", " "])).toMatchObject({ code: 2 });
  expect((await run(["serve", "-m", " "])).stderr).toContain("--model must be some text");
  expect((await run(["balance", "-m", "big"])).stderr).toContain("balance has no option --model.");
});
