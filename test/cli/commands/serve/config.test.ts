import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answer, openFakeOpenAi, type FakeOpenAi } from "../../../support/openai-server.ts";
import { makeHome, preload, runProgram, startProgram, type Home } from "../../../support/run-program.ts";

const SECRET = "geheim-4711";
let home: Home;
let file: string;
let ai: FakeOpenAi;
beforeEach(async () => {
  home = await makeHome();
  file = join(home.dir, "chat.json");
  ai = await openFakeOpenAi();
});
afterEach(async () => {
  await ai.close();
  await home.remove();
});

const write = (content: unknown) =>
  writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
/** The default provider of the tests would answer instead of the models. */
const env = { AI_CHAT_PROVIDER: "", AI_CHAT_PASSWORD: "correct horse" };
const run = (args: readonly string[], more: Record<string, string> = {}) =>
  runProgram(args, { home, env: { ...env, ...more } });
const check = (more: Record<string, string> = {}) => run(["serve", "--config", file, "--check"], more);

test("serve --check says that nothing is wrong, opens nothing and shows no secret: exit 0", async () => {
  await write({
    data: "store",
    models: [
      { name: "a", api_key_env: "KEY" },
      { name: "b", base_url: ai.url },
    ],
  });
  const { code, stdout, stderr } = await check({ KEY: SECRET });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(`Nothing is wrong with ${file}: 2 models, a is the default.\n`);
  const json = await run(["serve", "--check", "--json"], { AI_CHAT_CONFIG: file, KEY: SECRET });
  expect(JSON.parse(json.stdout)).toEqual({ config: file, models: ["a", "b"] });
  expect((await run(["serve", "--check"])).stdout).toBe("Nothing is wrong with the settings.\n");
  expect(existsSync(join(home.dir, "store"))).toBe(false);
  expect(ai.requests).toEqual([]);
});

test("serve --check speaks to a person, also where the log is JSON", async () => {
  await write({ data: "store", log: "json", price: 1 });
  const port = { AI_CHAT_PORT: "tcp://10.0.0.1:8000" };
  const fine = await check(port);
  expect([fine.code, fine.stderr]).toEqual([0, expect.stringMatching(/^[^{]*AI_CHAT_PORT[^{]*\n$/)]);
  await write({ data: "store", log: "json", log_file: join(home.dir, "store/x.log") });
  const wrong = await check();
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/^[^{]* is in the data folder[^{]*\n$/),
  ]);
  expect((await run(["serve", "--check", "--log", "json", "--port", "x"])).stderr).not.toContain("{");
});

test("serve --check names everything that is wrong at once, and no secret: exit 2", async () => {
  await write({
    prot: 1,
    api_key: SECRET,
    price: -1,
    models: [{ name: "a", base_url: `http://u:${SECRET}@h` }],
  });
  const { code, stdout, stderr } = await check({ AI_CHAT_MODEL: "m", AI_CHAT_PORT: "x" });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(7);
  for (const part of ["prot", "models[0].base_url", "api_key", "price", "AI_CHAT_MODEL", "AI_CHAT_PORT"])
    expect(stderr, part).toMatch(new RegExp(`(^|: )${part.replaceAll(/[[\].]/g, "\\$&")} `, "m"));
  expect(lines.at(-1)).toMatch(/^See: .*serve --help$/);
  const started = await run(["serve", "--config", file, "--json"]);
  expect(started.code).toBe(2);
  expect(stderr + started.stderr).not.toContain(SECRET);
});

test("a longest question above the context is refused at the start and by --check: exit 2", async () => {
  const chars = ["--context-chars", "48000", "--message-chars", "48001"];
  for (const args of [
    ["serve", ...chars],
    ["serve", "--check", ...chars],
  ]) {
    const { code, stderr } = await run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /message_chars is 48001, but the model reads at most 48000 characters of a conversation\.\nSet message_chars/,
    );
  }
  await write({ message_chars: 9, models: [{ name: "a", base_url: ai.url, context_chars: 8 }] });
  expect((await check()).stderr).toContain("message_chars is 9, but a reads at most 8 characters");
});

test("serve --check knows how much an AI reads unless it may be an Ollama", async () => {
  const long = ["serve", "--check", "--message-chars", "100001"];
  for (const ai of [
    ["--provider", "demo"],
    ["--base-url", "http://127.0.0.1:8080/v1"],
  ])
    expect((await run([...long, ...ai])).stderr).toContain("the model reads at most 100000 characters");
  // How much an Ollama reads is known at the start.
  for (const ai of [[], ["--base-url", "http://127.0.0.1:11434/v1"]])
    expect((await run([...long, ...ai])).code).toBe(0);
});

test("serve --check finds a provider that cannot be connected: exit 2", async () => {
  const { code, stderr } = await run(["serve", "--check", "--provider", "openai"]);
  expect(code).toBe(2);
  expect(stderr).toContain("--provider openai needs an API key or a base URL.");
});

test("serve takes store, price and models from the file; grant and local find the same store", async () => {
  await writeFile(join(home.dir, "key"), `${SECRET}\n`);
  await write({
    port: 0,
    data: "store",
    log: "silent",
    price: 7,
    models: [
      {
        name: "first",
        upstream: "large",
        base_url: ai.url,
        api_key_file: "key",
        price: 50,
        system: "Be brief.",
        temperature: 0,
        headers: { "X-Title": "Chat" },
        extra_body: { top_p: 0.5 },
      },
      { name: "second", base_url: ai.url },
    ],
  });
  ai.respond(answer("Hello from the file."));
  const more = { AI_CHAT_CONFIG: file, AI_CHAT_API_KEY: "sk-for-openai" };
  const serving = { home, env: { ...env, ...more } };
  const server = await startProgram(["serve"], serving);
  await server.sees("Ctrl-C", "stderr");
  await run(["register", "-s", "local", "-u", "jane", "-q"], more);
  const asked = await run(["ask", "-s", "local", "--json", "Hi"], more);
  expect(JSON.parse(asked.stdout)).toMatchObject({ tokens_deducted: 50, response: "Hello from the file." });
  expect(ai.requests).toHaveLength(1);
  expect(ai.requests[0]).toMatchObject({
    headers: { authorization: `Bearer ${SECRET}`, "x-title": "Chat" },
    body: { model: "large", temperature: 0, top_p: 0.5, messages: [{ content: "Be brief." }, {}] },
  });
  const granted = await run(["grant", "jane", "50", "--config", file, "--json"]);
  expect(JSON.parse(granted.stdout)).toMatchObject({ username: "jane", granted: 50, tokens: 4000 });
  server.child.kill("SIGTERM");
  const { code, stdout, stderr } = await server.ended;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).toMatch(/answers +first /);
  expect(stderr).not.toContain(SECRET);
});

test("a key for OpenAI is not sent to a model that has an address of its own", async () => {
  await write({ port: 0, models: [{ name: "own", base_url: ai.url }] });
  const more = { AI_CHAT_CONFIG: file, AI_CHAT_API_KEY: SECRET, OPENAI_API_KEY: SECRET };
  await run(["register", "-s", "local", "-u", "jane", "-q"], more);
  expect((await run(["ask", "-s", "local", "Hi"], more)).code).toBe(0);
  expect(ai.requests).toHaveLength(1);
  expect(ai.requests[0]?.headers.authorization).toBeUndefined();
});

test("--data beside a store in the file is refused, and --store wins over a folder in the file", async () => {
  await write({ store: "postgres://u@127.0.0.1:1/d" });
  const two = await run(["grant", "jane", "1", "--config", file, "--data", home.dir]);
  expect(two).toMatchObject({ code: 2, stdout: "" });
  expect(two.stderr).toContain("--data and the configuration file name two different stores.");
  const variable = await run(["grant", "jane", "1", "--config", file], { AI_CHAT_DATA: home.dir });
  expect(variable.stderr).toContain("AI_CHAT_DATA and the configuration file name two different stores.");
  await write({ data: "store" });
  const wins = await run(["serve", "--check", "--config", file, "--store", "postgres://u@127.0.0.1:1/d"]);
  expect(wins.code).toBe(0);
});

/** A database that asks for the password in clear text, and refuses any. */
async function openRefusingDatabase() {
  const passwords: string[] = [];
  const refused = "SFATAL\0C28P01\0Mno\0\0";
  const server = createServer((socket) => {
    socket.on("error", () => {});
    // AuthenticationCleartextPassword, after the client's StartupMessage.
    socket.once("data", () => {
      socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
      socket.once("data", (message) => {
        passwords.push(message.toString("utf8", 5, message.length - 1));
        const error = Buffer.alloc(5 + refused.length);
        error.write("E");
        error.writeInt32BE(4 + refused.length, 1);
        error.write(refused, 5);
        socket.end(error);
      });
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `postgres://u@127.0.0.1:${port}/d`, passwords, close: () => server.close() };
}

test("the password of a database comes from the file that PGPASSWORD_FILE or the configuration names", async () => {
  const database = await openRefusingDatabase();
  const password = join(home.dir, "password");
  await writeFile(password, `${SECRET}\n`);
  await write({ store: database.url, store_password_file: "password" });
  const variable = { AI_CHAT_STORE: database.url, PGPASSWORD_FILE: password };
  const outcomes = [
    await run(["grant", "jane", "1"], variable),
    await run(["store", "copy", database.url, join(home.dir, "copy")], variable),
    await run(["serve", "--config", file], { AI_CHAT_PROVIDER: "demo" }),
  ];
  database.close();
  expect(new Set(database.passwords)).toEqual(new Set([SECRET]));
  expect(database.passwords.length).toBeGreaterThanOrEqual(outcomes.length);
  for (const { code, stderr } of outcomes) {
    expect(code).toBe(1);
    expect(stderr).not.toContain(SECRET);
  }
  const both = await run(["grant", "jane", "1"], { ...variable, PGPASSWORD: SECRET });
  expect(both).toMatchObject({ code: 2, stdout: "" });
  expect(both.stderr).toContain("PGPASSWORD_FILE must be unset, because PGPASSWORD is set.");
});

/** Makes Ollama's usual port refuse, whatever runs on this machine. */
const withoutOllama = () =>
  preload(
    home,
    `import { Socket } from "node:net";
     const { connect } = Socket.prototype;
     Socket.prototype.connect = function (...args) {
       if (!JSON.stringify(args).includes("11434")) return connect.apply(this, args);
       return this.destroy(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
     };`,
  );

test("without an AI, a server for other machines does not start, nor touch its folder: exit 2", async () => {
  const dir = join(home.dir, "store");
  const args = ["serve", "--port", "0", "--data", dir, "--host", "0.0.0.0"];
  const { code, stdout, stderr } = await run(args, await withoutOllama());
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^ai-chat: No AI is connected.*0\.0\.0\.0.*\n.*--provider demo\n$/);
  expect(existsSync(dir)).toBe(false);
});

test("without an AI, a server on loopback starts with a warning, and so does local", async () => {
  const ollama = await withoutOllama();
  const log = { ...ollama, AI_CHAT_LOG: "json" };
  const server = await startProgram(["serve", "--port", "0"], { home, env: { ...env, ...log } });
  await server.sees("No AI is connected", "stderr");
  server.child.kill("SIGTERM");
  const lines = (await server.ended).stderr.trimEnd().split("\n");
  const warnings = lines
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .filter(({ level }) => level === "warn");
  expect(warnings).toMatchObject([{ msg: expect.stringContaining("No AI is connected") as string }]);
  const local = await run(["register", "-s", "local", "-u", "jane"], ollama);
  expect(local.code).toBe(0);
  expect(local.stderr).toContain("No AI is connected");
  const meant = await run(["balance", "-s", "local"], { ...ollama, AI_CHAT_PROVIDER: "demo" });
  expect(meant.stderr).not.toContain("No AI is connected");
});
