import { join } from "node:path";
import { assemble, settingsOf, timeoutOf, type Close } from "./assemble.ts";
import { createAiStates, type NamedAiState } from "./core/ai-states.ts";
import type { Store } from "./core/store.ts";
import type { StoreMeter } from "./core/store-meter.ts";
import type { ServerConfig } from "./config.ts";
import { Budget } from "./http/budget.ts";
import { varyByOrigin } from "./http/cors.ts";
import { openHttpServer } from "./http/listen.ts";
import { openFile, openPages } from "./http/pages/open.ts";
import { createOpenWarning } from "./open-warning.ts";
import { createReload, namesOf, placeOf, type Current } from "./reload.ts";
import { createSecrets } from "./secrets.ts";
import { openMetrics } from "./open-metrics.ts";
import { openModels } from "./open-models.ts";
import { takeBackAddress, writeAddress } from "./stores/json/address.ts";
import { openJsonStore } from "./stores/json/store.ts";
import type { Certificate } from "./tls/certificate.ts";

/** A server that takes questions. */
export interface RunningServer {
  /** `http://host:port` with the actual port, IPv6 in brackets; `https://` with TLS. */
  url: string;
  /** The URL for clients; with TLS under a name of the certificate. */
  address: string;
  /** The URL of the metrics; undefined without. */
  metrics: string | undefined;
  /** The store's description, for the banner; without secrets. */
  store: string;
  model: string;
  /** Why this provider was chosen, for the banner. */
  reason: string;
  /** The demo answers, because no AI is connected and `--provider` does not name it. */
  byDefault: boolean;
  /** What accounts are refilled with. */
  readonly refill: Store["refill"];
  /** Questions in flight. */
  readonly inFlight: number;
  /** Questions that were answered. */
  readonly answered: number;
  /** Questions that `close` has released. */
  readonly aborted: number;
  /** Seconds. */
  readonly drainDelay: number;
  /**
   * Takes what it can of a configuration that was read again; questions under way end as they began. Resolves to the
   * names of the options that need a restart. Rejects with a StartupError if an AI cannot be connected; then nothing has
   * changed.
   */
  reload(next: ServerConfig): Promise<string[]>;
  /** Serves everything until the drain delay is over or `hurry` aborts, but is no longer ready (`/readyz`). */
  leave(hurry: AbortSignal): Promise<void>;
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

async function start(given: ServerConfig, opened: Close[]): Promise<RunningServer> {
  const secrets = createSecrets(given);
  const config = { ...given, warn: (sentence: string) => given.warn(secrets.redact(sentence)) };
  // First: a server that is refused for its providers must not have touched its folder.
  const current: Current = { config, models: await openModels(config), leftOver: new Set() };
  opened.push(async () => {
    await Promise.all(current.leftOver);
    await current.models.close();
  });
  // Before the store, which may wait for a database.
  const metrics = await openMetrics(current);
  opened.push(async () => metrics?.close());
  const certificate = await openCertificate(config);
  const aiStates = createAiStates(Date.now, (model) => placeOf(current, model));
  const store = await openStore(config, {
    aiStates: () => aiStates.all(namesOf(current)),
    meter: metrics?.storeMeter,
  });
  opened.push(() => store.close());
  await store.setRefill(config.refill);
  const { built, noPage } = config;
  const pages = built === undefined || noPage ? undefined : await openPages(join(built, "page"));
  const openApi = built === undefined ? undefined : await openFile(built, "openapi.json", "application/json");
  const budget = new Budget(config.maxBuffered);
  const redact = secrets.redact;
  const parts = { metrics, store, budget, redact, aiStates, pages, openApi };
  const { app, log, questions, signing, addresses, leave, stop } = await assemble(current, parts, opened);
  const server = await openHttpServer({
    host: config.host,
    port: config.port,
    pair: certificate?.pair,
    ...timesOf(config),
    connections: { most: () => current.config.maxConnections, shareOf: addresses.ofConnection },
    budget,
    headOfAll: () => (current.config.corsOrigin.length > 0 ? varyByOrigin : []),
    handle: app.callback(),
  });
  opened.push(() => server.close(FLUSH));
  metrics?.watch({ connections: () => server.connections, buffered: () => budget.taken });
  const follower = certificate?.follow((pair) => server.setPair(pair));
  opened.push(async () => follower?.close());
  let drained: Promise<void> | undefined;
  opened.push(async () => drained);
  const hide = await announce(config, server.localUrl);

  const warnIfOpen = createOpenWarning();
  warnIfOpen(config);
  const reload = createReload(current, {
    stopping: () => drained !== undefined,
    apply: async (current, pair) => {
      const { config } = current;
      if (config.tls && pair) follower?.turnTo(config.tls, pair);
      warnIfOpen(config);
      if (log.level !== "silent") log.level = config.logLevel;
      secrets.change(config);
      budget.most = config.maxBuffered;
      server.setTimes(timesOf(config));
      const signs = signing.turnTo(config.secrets);
      const refills = store.setRefill(config.refill).catch(() => config.warn(NOT_STORED));
      await questions.change(settingsOf(current));
      await signs;
      await refills;
    },
  });
  let closing: Promise<void> | undefined;
  let aborted = 0;
  const close = () => {
    const hidden = hide();
    opened.push(() => hidden);
    drained = stop({
      hidden: hidden.catch(() => {}),
      stopListening: () => server.stopListening(),
    }).then((number) => void (aborted = number));
    return closeInReverse(opened);
  };
  const first = () => current.models.list[0];
  return {
    url: server.url,
    address: certificate ? addressOf(server.url, certificate.host) : server.url,
    metrics: metrics?.url,
    store: store.description,
    get model() {
      return first().name;
    },
    get reason() {
      return first().reason;
    },
    get byDefault() {
      return first().byDefault;
    },
    get refill() {
      return store.refill;
    },
    get inFlight() {
      return questions.inFlight;
    },
    get answered() {
      return questions.answered;
    },
    get aborted() {
      return aborted;
    },
    get drainDelay() {
      return current.config.drainDelay;
    },
    reload,
    leave,
    close: () => (closing ??= close()),
  };
}

const NOT_STORED =
  "The refills could not be stored, so the ones of before go on. Send SIGHUP again when the store can be written.";

/** The URL with that host. */
const addressOf = (url: string, host: string) => Object.assign(new URL(url), { hostname: host }).origin;

const timesOf = (config: ServerConfig) => ({
  silence: timeoutOf(config) + SILENCE_GRACE,
  keepAlive: config.keepAlive * 1000,
});

interface Told {
  aiStates: () => NamedAiState[];
  meter: StoreMeter | undefined;
}

async function openStore({ store, models, warn, signal }: ServerConfig, told: Told): Promise<Store> {
  const listed = models[0].name !== undefined;
  if (store.kind === "json")
    return openJsonStore({ dir: store.dir, ledgerKey: store.ledgerKey, models: listed, warn, ...told });
  const { openPostgresStore } = await import("./stores/postgres/store.ts");
  return openPostgresStore({
    url: store.url,
    connections: store.connections - 1,
    warn,
    signal,
    meter: told.meter,
  });
}

/** Undefined without TLS, which is not loaded then. */
async function openCertificate(config: ServerConfig): Promise<Certificate | undefined> {
  return config.tls && (await import("./tls/certificate.ts")).openCertificate(config.tls, config);
}

/**
 * Lets `-s local` find the server of a data folder (docs/cli.md#your-own-server) while it accepts questions. Returns what
 * ends that.
 */
async function announce({ store }: ServerConfig, url: string): Promise<() => Promise<void>> {
  if (store.kind !== "json") return async () => {};
  const { dir } = store;
  await writeAddress(dir, url);
  return () => takeBackAddress(dir, url);
}
