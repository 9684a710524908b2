import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { ModelConfig, ServerConfig } from "../../src/server/config.ts";
import { serve, type RunningServer } from "../../src/server/serve.ts";
import { endWatch, watchReplies } from "./watch-replies.ts";

/** A real server in this process, with a free port and a separate folder. */
export interface TestServer {
  url: string;
  port: number;
  dir: string;
  running: RunningServer;
  /** The JSON log so far, parsed. */
  log: Record<string, any>[];
  /** Warnings for the operator so far. */
  warnings: string[];
  /** Registers and logs in; resolves to the token. */
  token(username: string): Promise<string>;
  balance(token: string): Promise<{ tokens: number; held: number }>;
  /** Resolves once the account has no held tokens, so that every question is settled. */
  settled(token: string): Promise<number>;
  /** Sends JSON by POST. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Stops the server and removes its folder. */
  close(): Promise<void>;
}

/** The password of every account that {@link TestServer.token} registers. */
export const PASSWORD = "correct horse";

/** The configuration of a server, or of its only model. */
export type Wishes = Partial<ServerConfig & ModelConfig>;

/** A model as the options describe it without a list. */
export const testModel = (wishes: Partial<ModelConfig> = {}): ModelConfig => ({
  name: undefined,
  upstream: undefined,
  baseUrl: undefined,
  apiKey: undefined,
  price: 100,
  system: undefined,
  contextChars: 48_000,
  messageChars: undefined,
  images: false,
  maxOutputTokens: undefined,
  temperature: undefined,
  reasoningEffort: undefined,
  extraBody: {},
  headers: {},
  fallback: undefined,
  ...wishes,
});

/** The default configuration of a test's server. */
export function testConfig(dir: string, wishes: Wishes = {}): ServerConfig {
  const { upstream, baseUrl, price = 100, system, contextChars = 48_000, messageChars, ...config } = wishes;
  return {
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    store: { kind: "json", dir },
    provider: "demo",
    models: [testModel({ upstream, baseUrl, price, system, contextChars, messageChars })],
    startingTokens: 4000,
    refill: undefined,
    registration: "open",
    questionTimeout: 60,
    idleTimeout: 60,
    drainTimeout: 10,
    limitRegister: undefined,
    limitQuestions: undefined,
    maxInFlight: 64,
    maxQuestions: 1000,
    drainDelay: 0,
    keepAlive: 75,
    maxBuffered: 256 * 1024 * 1024,
    maxBody: 32 * 1024 * 1024,
    tokenDays: 30,
    bcryptCost: 4,
    limitLogin: undefined,
    limitLoginAddress: undefined,
    limitLoginStrangers: undefined,
    trustProxy: undefined,
    corsOrigin: [],
    maxConnections: 2000,
    secrets: undefined,
    noPage: false,
    metrics: undefined,
    log: "json",
    logLevel: "info",
    logFile: undefined,
    logStream: new Writable({ write: (_chunk, _encoding, done) => done() }),
    dispatcher: undefined,
    version: "0.0.0-test",
    warn: () => {},
    ...config,
  };
}

/** Opens a {@link TestServer}; `wishes` overrides the configuration. With `baseUrl` it uses the fake upstream there. */
export async function openTestServer(wishes: Wishes = {}): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
  const log: Record<string, unknown>[] = [];
  const warnings: string[] = [];
  const logStream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (wishes.log === undefined || wishes.log === "json") log.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const upstream: Wishes = wishes.baseUrl ? { provider: "openai", upstream: "fake-model" } : {};
  const running = await serve(
    testConfig(dir, { logStream, warn: (sentence) => void warnings.push(sentence), ...upstream, ...wishes }),
  );
  const { url } = running;
  const port = Number(new URL(url).port);
  watchReplies(port);

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
    });

  const balance = async (token: string) => {
    const reply = await fetch(`${url}/api/token_balance/`, { headers: { Authorization: `Bearer ${token}` } });
    const { tokens } = (await reply.json()) as { tokens: number };
    return { tokens, held: Number(reply.headers.get("tokens-held")) };
  };

  return {
    url,
    port,
    dir,
    running,
    log,
    warnings,
    post,
    balance,
    async token(username) {
      const credentials = { username, password: PASSWORD };
      await post("/api/register/", credentials);
      const reply = await post("/api/login/", credentials);
      return ((await reply.json()) as { token: string }).token;
    },
    async settled(token) {
      for (;;) {
        const { tokens, held } = await balance(token);
        if (held === 0) return tokens;
      }
    },
    async close() {
      await running.close();
      await rm(dir, { recursive: true, force: true });
      endWatch(port);
    },
  };
}
