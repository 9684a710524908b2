import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "../../../../src/cli/argv/config-schema.ts";
import { ofServer, secretsOfServer } from "../../../../src/cli/argv/options.ts";
import { resolve } from "../../../../src/cli/argv/resolve.ts";
import { root } from "../../../support/pages.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-schema-"));
  await writeFile(join(dir, "key"), `${"k".repeat(40)}\n`);
});
afterAll(() => rm(dir, { recursive: true }));

async function complaintsAbout(content: unknown): Promise<string[]> {
  const path = join(dir, "chat.json");
  await writeFile(path, JSON.stringify(content));
  const env = { AI_CHAT_CONFIG: path, KEY: "k".repeat(40), STORE: "postgres://u@h/d", URL: "http://h/v1" };
  const names = ["config", ...ofServer, ...secretsOfServer] as const;
  return resolve(names, { flags: new Map(), env, setting: () => undefined }).complaints;
}

const key = { api_key_env: "KEY" };
const model = (more: object) => ({ models: [{ name: "m", ...key, ...more }] });

/** What both accept, and what both refuse. */
const accepted: unknown[] = [
  {},
  { $schema: "./schema/serve.schema.json" },
  { host: "::1", port: 0, data: "./store", provider: "demo", log: "json", price: 0, starting_tokens: 1e9 },
  { question_timeout: 0.1, drain_timeout: 0.0001, token_days: 1, bcrypt_cost: 4, context_chars: 0 },
  { store: "postgres://chat@db/chat", store_connections: 2 },
  { trust_proxy: 1 },
  { refill: "1000/day", refill_cap: 0 },
  { refill: "1/month", refill_cap: "none" },
  { refill: "off" },
  { trust_proxy: "10.0.0.0/8, ::1" },
  { cors_origin: "http://localhost:3000" },
  { cors_origin: ["https://app.example.org", "app://notes"] },
  { max_buffered: 2 ** 20 },
  { max_buffered: "64m" },
  { store: "POSTGRESQL://chat@db/chat?sslmode=require" },
  { store_env: "STORE", store_password_file: "key", jwt_secret_file: "key", ...key },
  { base_url: "HTTPS://h/v1?api-version=1", model: "m", system: "" },
  { base_url_env: "URL", headers: { "X-Title": "Chat", "api-key_env": "KEY", "x-token_file": "key" } },
  { headers: { api_key_env: "KEY", "X-Access_Token_file": "key", monkey_env: "KEY" } },
  { headers: { api_key_env: "KEY", "x-auth-token_file": "key" } },
  { ...key, models: [{ name: "gpt-4o mini" }] },
  model({
    upstream: "ü",
    base_url: "http://h/v1",
    price: 1,
    system: "s",
    context_chars: 1,
    message_chars: 1,
  }),
  model({ max_output_tokens: 1, temperature: 0.25, reasoning_effort: "low", headers: { a: "b" } }),
  model({ extra_body: { top_p: 1, nested: { model: 1 } } }),
  {
    models: [
      { name: "a", ...key, fallback: "b" },
      { name: "b", api_key_file: "key" },
    ],
  },
];
const refused: unknown[] = [
  { max_buffered: 2 ** 20 - 1 },
  { refill: "0/day" },
  { refill: "1000/hour" },
  { refill: 1000 },
  { refill: "1/day", refill_cap: -1 },
  { refill: "1/day", refill_cap: "4000" },
  { max_buffered: "64 MB" },
  { max_buffered: 2 ** 20 + 0.5 },
  [],
  null,
  "text",
  { prize: 1 },
  { startingTokens: 1 },
  { $schema: 1 },
  { toString: 1 },
  { port: "8000" },
  { port: 65_536 },
  { port: 1.5 },
  { port: null },
  { price: -1 },
  { price: true },
  { question_timeout: 0 },
  { host: " " },
  { host: 1 },
  { trust_proxy: 0 },
  { trust_proxy: true },
  { trust_proxy: ["10.0.0.1"] },
  { trust_proxy: "loopback" },
  { cors_origin: "*" },
  { cors_origin: ["https://app.example.org", "null"] },
  { cors_origin: true },
  { data: "postgres://h/d" },
  { data: "" },
  { data: "d", store: "postgres://h/d" },
  { data: "d", store_env: "STORE" },
  { store: "/srv" },
  { store: "postgres://u:p@h/d" },
  { store: "postgres://u@h/d?sslmode=require&password=p" },
  { store: "postgres://u@h/d", store_env: "STORE" },
  { store_env: "" },
  { store_env: 1 },
  { provider: "me" },
  { provider: ["demo"] },
  { log: 1 },
  { base_url: "localhost:1" },
  { base_url: "http://u:p@h/v1" },
  { base_url: "http://token@h/v1" },
  { base_url: "http://h/v1?api-version=1&api-key=k" },
  { base_url: "http://h/v1?api_key=k" },
  { base_url: "http://h/v1?access_token=k" },
  { api_key: "k" },
  { jwt_secret: "k".repeat(40) },
  { store_password: "p" },
  { password: "p" },
  { api_key_env: "KEY", api_key_file: "key" },
  { config: "x" },
  { check: true },
  { headers: [] },
  { headers: { Authorization: "x" } },
  { headers: { aUTHORIZATION_env: "KEY" } },
  { headers: { "api-key": "x" } },
  { headers: { x_api_key: "x" } },
  { headers: { Cookie: "x" } },
  { headers: { api_key: "x" } },
  { headers: { "X-Access_Token": "x" } },
  { headers: { "a b": "x" } },
  { headers: { a: 1 } },
  { headers: { a: "x\ny" } },
  { headers: { a_env: "" } },
  { models: [] },
  { models: {} },
  { models: ["m"] },
  { models: [{ ...key }] },
  model({ name: "" }),
  model({ name: "ü" }),
  model({ name: " a" }),
  model({ name: "a".repeat(201) }),
  model({ nmae: "m" }),
  model({ api_key: "k" }),
  model({ api_key_file: "key" }),
  model({ base_url: "h" }),
  model({ price: "1" }),
  model({ max_output_tokens: 0 }),
  model({ temperature: 2.1 }),
  model({ reasoning_effort: "" }),
  model({ extra_body: [] }),
  model({ extra_body: { stream: false } }),
  model({ extra_body: { messages: [] } }),
  model({ extra_body: { model: "x" } }),
  model({ headers: { authorization: "x" } }),
  { ...model({}), model: "m" },
  { ...model({}), base_url: "http://h/v1" },
  { ...model({}), headers: {} },
];

const validate = new Ajv({ allowUnionTypes: true }).compile(configSchema());

test("the schema and the program accept the same", async () => {
  for (const content of accepted) {
    const told = JSON.stringify(content);
    expect([validate(content), validate.errors], told).toEqual([true, null]);
    expect(await complaintsAbout(content), told).toEqual([]);
  }
});

test("the schema and the program refuse the same", async () => {
  for (const content of refused) {
    const told = JSON.stringify(content);
    expect(validate(content), told).toBe(false);
    expect(await complaintsAbout(content), told).not.toEqual([]);
  }
});

test("the file of the schema is up to date; vitest -u writes it", async () => {
  await expect(`${JSON.stringify(configSchema(), null, 2)}\n`).toMatchFileSnapshot(
    `${root}schema/serve.schema.json`,
  );
});
