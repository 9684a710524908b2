import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { ServerConfig } from "../../../src/server/config.ts";
import { takeOver } from "../../../src/server/take-over.ts";
import { testConfig, testModel } from "../../support/test-server.ts";

const listed = (config: Partial<ServerConfig> = {}): ServerConfig => ({
  ...testConfig("/srv/ai-chat"),
  models: [testModel({ name: "small" })],
  ...config,
});

const taken: Partial<ServerConfig> = {
  models: [testModel({ name: "large", price: 7 })],
  provider: "openai",
  startingTokens: 1,
  refill: { tokens: 1, period: "week", cap: null },
  registration: "invite",
  questionTimeout: 2,
  idleTimeout: 4,
  drainTimeout: 3,
  secrets: ["s"],
  maxBuffered: 5,
  maxBody: 6,
  corsOrigin: ["https://app.example.org"],
  maxConnections: 5,
  limitRegister: { count: 4, seconds: 1 },
  limitQuestions: { count: 4, seconds: 60 },
  maxInFlight: 5,
  maxQuestions: 6,
  drainDelay: 6,
  keepAlive: 5,
  limitLogin: { count: 1, seconds: 1 },
  limitLoginAddress: { count: 2, seconds: 1 },
  limitLoginStrangers: { count: 3, seconds: 1 },
  logLevel: "debug",
};

test("takes models, provider, starting tokens, timeouts, limits and signing secrets", () => {
  const now = listed();
  const next = listed(taken);
  expect(takeOver(now, next)).toEqual({ config: { ...now, ...taken }, restart: [] });
});

test("docs/server.md names what is taken", async () => {
  const page = await readFile("docs/server.md", "utf8");
  const [sentence = ""] = /^- Taken at once: [^]*?(?=\n- )/m.exec(page) ?? [];
  const names = Object.keys(taken).map((option) =>
    option === "secrets" ? "jwt_secret" : option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  expect(names.filter((name) => !sentence.includes(`\`${name}\``))).toEqual([]);
});

const postgres = { kind: "postgres", url: "postgres://db/chat", connections: 10 } as const;
const changes: [string[], Partial<ServerConfig>, Partial<ServerConfig>?][] = [
  [["host", "port"], { host: "::", port: 1 }],
  [["bcrypt_cost", "log", "token_days"], { bcryptCost: 5, log: "silent", tokenDays: 1 }],
  [["data"], { store: { kind: "json", dir: "/elsewhere" } }],
  [["data", "store", "store_connections"], { store: postgres }],
  [["store_connections"], { store: { ...postgres, connections: 4 } }, { store: postgres }],
];
test.each(changes)("names %j for a restart, and does not take it", (restart, change, before = {}) => {
  const now = listed(before);
  expect(takeOver(now, { ...now, ...change })).toEqual({ config: now, restart });
});

test("takes other files of a certificate, but no TLS in place of none", () => {
  const tls = { cert: "/etc/cert.pem", key: "/etc/key.pem" };
  const without = listed();
  const secure = { ...without, tls };
  const other = { ...without, tls: { ...tls, key: "/etc/other.pem" } };
  expect(takeOver(secure, other)).toEqual({ config: other, restart: [] });
  expect(takeOver(without, secure)).toEqual({ config: without, restart: ["tls_cert"] });
  expect(takeOver(secure, without)).toEqual({ config: secure, restart: ["tls_cert"] });
});

test("takes another log file, but none in place of stderr", () => {
  const without = listed();
  const inFile = { ...without, logFile: "/var/log/ai-chat.log" };
  const other = { ...without, logFile: "/var/log/other.log" };
  expect(takeOver(inFile, other)).toEqual({ config: other, restart: [] });
  expect(takeOver(without, inFile)).toEqual({ config: without, restart: ["log_file"] });
  expect(takeOver(inFile, without)).toEqual({ config: inFile, restart: ["log_file"] });
});

test("takes no list of models in place of none, since the store was opened without", () => {
  const single = testConfig("/srv/ai-chat");
  for (const [now, next] of [
    [single, listed({ provider: "openai", startingTokens: 1 })],
    [listed(), { ...single, startingTokens: 1 }],
  ] as const)
    expect(takeOver(now, next)).toEqual({ config: { ...now, startingTokens: 1 }, restart: ["models"] });
});
