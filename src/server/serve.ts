import { createAnswers } from "./core/answers.ts";
import type { Provider, Store } from "./core/ports.ts";
import { createQuestions } from "./core/questions.ts";
import { createSignIn } from "./core/sign-in.ts";
import { createTokens } from "./auth/tokens.ts";
import { openPasswords } from "./auth/passwords.ts";
import type { ModelConfig, ServerConfig } from "./config.ts";
import { createApp } from "./http/app.ts";
import { openHttpServer } from "./http/listen.ts";
import { createLog } from "./log.ts";
import { chooseProvider, refuseDemo, requestBody } from "./providers/choose.ts";
import { takeBackAddress, writeAddress } from "./stores/json/address.ts";
import { openJsonStore } from "./stores/json/store.ts";

/** A server that takes questions. */
export interface RunningServer {
  /** `http://host:port` with the actual port, IPv6 in brackets. */
  url: string;
  /** The store's description, for the banner; without secrets. */
  store: string;
  model: string;
  /** Why this provider was chosen, for the banner. */
  reason: string;
  /** The demo answers, because no AI is connected and `--provider` does not name it. */
  byDefault: boolean;
  /** Questions in flight. */
  readonly inFlight: number;
  /**
   * Refuses new questions, waits for those in flight up to the drain time, releases the rest, sends every reply, then
   * closes everything in reverse order. A second call returns the same promise.
   */
  close(): Promise<void>;
}

/** Milliseconds for sending replies to slow clients after the drain. */
const FLUSH = 5_000;

/** Milliseconds by which the timeout of a silent connection exceeds the timeout of a question. */
const SILENCE_GRACE = 30_000;

type Close = () => Promise<void>;

/** Closes everything, also after a failure; then throws the first failure. */
async function closeInReverse(opened: Close[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of opened.splice(0).reverse()) {
    await close().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Starts a server: providers → store → core → app → listen. Rejects with a StartupError if the operator can correct the
 * fault; closes then what was opened.
 */
export async function serve(config: ServerConfig): Promise<RunningServer> {
  const opened: Close[] = [];
  try {
    return await start(config, opened);
  } catch (error) {
    // Report why the server did not start, not a failure to close.
    await closeInReverse(opened).catch(() => {});
    throw error;
  }
}

async function start(config: ServerConfig, opened: Close[]): Promise<RunningServer> {
  // First: a server that is refused for its providers must not have touched its folder.
  const models = await openModels(config, opened);
  const store = await openStore(config);
  opened.push(() => store.close());
  const { app, questions, stop } = await assemble(config, store, models[0], opened);
  const server = await openHttpServer({
    host: config.host,
    port: config.port,
    silence: config.questionTimeout * 1000 + SILENCE_GRACE,
    handle: app.callback(),
  });
  opened.push(() => server.close(FLUSH));
  let drained: Promise<void> | undefined;
  opened.push(async () => drained);
  // The address is removed before the drain: a command that looks for the folder's server then waits for the next one.
  await announce(config, server.url, opened);

  let closing: Promise<void> | undefined;
  const close = () => {
    drained = stop();
    return closeInReverse(opened);
  };
  return {
    url: server.url,
    store: store.description,
    get model() {
      return models[0].name;
    },
    reason: models[0].reason,
    byDefault: models[0].byDefault,
    get inFlight() {
      return questions.inFlight;
    },
    close: () => (closing ??= close()),
  };
}

/** A model with its provider. For the rest see {@link RunningServer}. */
interface OpenModel extends ModelConfig, Pick<RunningServer, "reason" | "byDefault"> {
  name: string;
  provider: Provider;
}

/** Opens the provider of each model, in the order of the configuration. */
async function openModels(
  { models, provider: wish, dispatcher, host, warn, idleTimeout }: ServerConfig,
  opened: Close[],
): Promise<[OpenModel, ...OpenModel[]]> {
  const open = async (model: ModelConfig): Promise<OpenModel> => {
    const { upstream, ...rest } = model;
    const settings = {
      ...rest,
      provider: wish,
      model: upstream,
      body: requestBody(model),
      dispatcher,
      warn,
      idleTimeout,
    };
    const { provider, reason, byDefault = false } = await chooseProvider(settings);
    opened.push(() => provider.close());
    if (byDefault) refuseDemo(host);
    return {
      ...model,
      get name() {
        return model.name ?? provider.model;
      },
      provider,
      reason,
      byDefault,
    };
  };
  const [first, ...others] = models;
  const all: [OpenModel, ...OpenModel[]] = [await open(first)];
  for (const model of others) all.push(await open(model));
  return all;
}

async function openStore({ store, warn, signal }: ServerConfig): Promise<Store> {
  if (store.kind === "json") return openJsonStore({ dir: store.dir, warn });
  const { openPostgresStore } = await import("./stores/postgres/store.ts");
  return openPostgresStore({ url: store.url, connections: store.connections - 1, warn, signal });
}

/** Makes the app and what it needs. `stop` drains the questions. */
async function assemble(config: ServerConfig, store: Store, model: OpenModel, opened: Close[]) {
  const { ledger, accounts } = store;
  const { startingTokens } = config;
  const { provider, price } = model;
  const questionTimeout = config.questionTimeout * 1000;
  const secret = config.secret === undefined ? await store.signingSecret() : Buffer.from(config.secret);
  const tokens = createTokens({ secret, days: config.tokenDays, now: Date.now });
  const passwords = openPasswords({ cost: config.bcryptCost });
  opened.push(() => passwords.close());
  const questions = createQuestions({
    ledger,
    provider,
    answers: createAnswers(Date.now),
    price,
    timeout: questionTimeout,
    context: { system: model.system, limit: model.contextChars },
    now: Date.now,
  });
  let stopping = false;
  const app = createApp({
    signIn: createSignIn({ accounts, passwords, tokens, startingTokens, ledger }),
    questions,
    ledger,
    about: {
      name: "ai-chat-system",
      version: config.version,
      price,
      starting_tokens: startingTokens,
      get model() {
        return model.name;
      },
      extensions: ["stream", "history", "idempotency", "usage", "logout", "password", "reasoning"],
    },
    questionTimeout,
    stopping: () => stopping,
    storeReady: () => store.ready(),
    log: createLog(config.log, config.logStream),
  });
  const stop = () => {
    stopping = true;
    return questions.drain(config.drainTimeout * 1000);
  };
  return { app, questions, stop };
}

/** Lets `-s local` find the server of a data folder (docs/cli.md#your-own-server) while it accepts questions. */
async function announce({ store }: ServerConfig, url: string, opened: Close[]): Promise<void> {
  if (store.kind !== "json") return;
  const local = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
  await writeAddress(store.dir, local);
  opened.push(() => takeBackAddress(store.dir, local));
}
