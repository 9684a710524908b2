import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createTokens } from "../../src/server/auth/tokens.ts";
import { createAnswers } from "../../src/server/core/answers.ts";
import type { Models } from "../../src/server/core/models.ts";
import type { Passwords } from "../../src/server/core/credentials.ts";
import type { Ledger } from "../../src/server/core/ports.ts";
import type { Provider } from "../../src/server/core/provider.ts";
import { createQuestions } from "../../src/server/core/questions.ts";
import { createSignIn } from "../../src/server/core/sign-in.ts";
import { createApp } from "../../src/server/http/app.ts";
import { createClientAddresses } from "../../src/server/http/client-address.ts";
import { Budget } from "../../src/server/http/budget.ts";
import { openHttpServer } from "../../src/server/http/listen.ts";
import { createLog } from "../../src/server/log.ts";
import { openLoginLimits } from "../../src/server/login-limits.ts";
import type { Files } from "../../src/server/stores/json/files.ts";
import { openJsonStore } from "../../src/server/stores/json/store.ts";
import { endWatch, watchReplies } from "../support/watch-replies.ts";
import { unlimited } from "../support/unlimited.ts";
import { testConfig } from "../support/test-server.ts";
import { testedModel } from "../support/tested-model.ts";

interface Wishes {
  /** Puts something between the app and the real ledger. */
  around?: (ledger: Ledger) => Partial<Ledger>;
  /** Of the only model. */
  provider?: Provider;
  /** Instead of `provider`. */
  models?: Models;
  /** By default a password is its own hash. */
  passwords?: Passwords;
  /** Milliseconds. */
  timeout?: number;
  /** Bytes. */
  maxBuffered?: number;
  /** The store's clock and the answers'; the system's by default. */
  now?: () => number;
  /** By default the lines are in `log`. */
  logStream?: Writable;
  /** Proxies in a row before it. */
  trustProxy?: number;
  /** The store's disk. */
  files?: Files;
}

const plainPasswords: Passwords = {
  hash: async (password) => password,
  matches: async (password, hash) => password === hash,
  close: async () => {},
};

/** The real app over a real store, with a test's provider, and a ledger into which it can put its hands. */
export async function openWiredServer({
  around = () => ({}),
  provider,
  models = [testedModel({ provider: provider! })],
  passwords = plainPasswords,
  timeout = 60_000,
  maxBuffered = 256 * 1024 * 1024,
  now = Date.now,
  logStream,
  trustProxy,
  files,
}: Wishes) {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-wired-"));
  const store = await openJsonStore({ dir, now, warn: () => {}, ...(files && { files }) });
  const ledger: Ledger = { ...store.ledger, ...around(store.ledger) };
  const keys = [{ secret: await store.signingSecret(), from: 0, until: Number.POSITIVE_INFINITY }];
  const tokens = createTokens({ keys, days: 1, now: Date.now });
  const log: Record<string, any>[] = [];
  const lines = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const budget = new Budget(maxBuffered);
  const questions = createQuestions({
    ledger,
    models,
    answers: createAnswers(now, budget.roomForAnswers()),
    timeout,
    limit: () => undefined,
    maxInFlight: 64,
    maxQuestions: 1000,
    now,
  });
  const addresses = createClientAddresses({ trustProxy, warn: () => {} });
  const app = createApp({
    signIn: createSignIn({
      accounts: store.accounts,
      invites: store.invites,
      registration: () => "open",
      passwords,
      tokens,
      startingTokens: () => 4000,
      ledger: { hold: (request) => ledger.hold(request) },
      apiKeys: store.apiKeys,
      now,
      registrations: unlimited,
      wrongCodes: unlimited,
      takenNames: unlimited,
      countGuess: openLoginLimits(() => testConfig(dir), addresses.isLimited),
    }),
    questions,
    ledger,
    newKeys: unlimited,
    addresses,
    budget,
    aiStates: () => [],
    about: () => ({
      name: "",
      version: "",
      price: 100,
      starting_tokens: 4000,
      registration: "open",
      model: "",
      limits: { message: 0, context: 0, turns: 0 },
      extensions: [],
    }),
    questionTimeout: () => timeout,
    maxBody: () => 32 * 1024 * 1024,
    origins: () => [],
    leaving: () => false,
    stopping: () => false,
    store,
    log: createLog("json", logStream ?? lines),
  });
  const server = await openHttpServer({
    host: "127.0.0.1",
    port: 0,
    silence: 60_000,
    keepAlive: 75_000,
    budget,
    handle: app.callback(),
  });
  const port = Number(new URL(server.url).port);
  watchReplies(port);
  const created = await store.accounts.create({ name: "jane", passwordHash: "correct horse", tokens: 4000 });
  if (created.kind !== "created") throw new Error("A new store has a jane.");
  const { account } = created;

  return {
    url: server.url,
    port,
    /** Jane's, who has 4,000. */
    token: tokens.issue(account),
    log,
    store,
    questions,
    budget,
    balance: () => store.ledger.balance(account.id),
    async close() {
      await questions.drain(0);
      await server.close(0);
      await store.close();
      await rm(dir, { recursive: true, force: true });
      endWatch(port);
    },
  };
}

/** A promise that a test keeps. */
export function gate<T = void>() {
  let open!: (value: T) => void;
  const opened = new Promise<T>((resolve) => (open = resolve));
  return { opened, open };
}
