import { isDeepStrictEqual } from "node:util";
import type { ServerConfig } from "./config.ts";

/** What a running server takes over. */
const TAKEN = [
  "models",
  "provider",
  "startingTokens",
  "refill",
  "registration",
  "questionTimeout",
  "idleTimeout",
  "drainTimeout",
  "limitLogin",
  "limitLoginAddress",
  "limitLoginStrangers",
  "limitRegister",
  "limitQuestions",
  "maxInFlight",
  "maxQuestions",
  "drainDelay",
  "keepAlive",
  "maxConnections",
  "maxBuffered",
  "maxBody",
  "corsOrigin",
  "secrets",
  "logLevel",
] as const;

/** What is no option, or is compared under another name. */
const OTHER = [
  "tls",
  "store",
  "built",
  "logFile",
  "logStream",
  "dispatcher",
  "version",
  "warn",
  "note",
  "signal",
] as const;

const skipped: ReadonlySet<string> = new Set([...TAKEN, ...OTHER]);

/** The name of an option in the configuration file. */
const nameOf = (option: string) => option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What only a restart changes, by its name in the configuration file. A new option is here until it is taken over. */
function fixedOf(config: ServerConfig): Map<string, unknown> {
  const { store, models } = config;
  const options = Object.entries(config).filter(([option]) => !skipped.has(option));
  const place =
    store.kind === "json"
      ? { data: store.dir, ledgerKey: store.ledgerKey }
      : { store: store.url, storeConnections: store.connections };
  // The store is opened for a list of models, or for none; the port with TLS, or without; the log in a file, or on stderr.
  const fixed = {
    models: models[0].name !== undefined,
    tlsCert: config.tls !== undefined,
    logFile: config.logFile !== undefined,
  };
  const all = [...options, ...Object.entries({ ...place, ...fixed })];
  return new Map(all.map(([option, value]) => [nameOf(option), value]));
}

/**
 * The configuration of a running server after its options were read again: `config` has what it can take of `next`, and
 * `restart` names the options that have changed and need a restart, as the configuration file names them.
 */
export function takeOver(now: ServerConfig, next: ServerConfig): { config: ServerConfig; restart: string[] } {
  const before = fixedOf(now);
  const after = fixedOf(next);
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const restart = names.filter((name) => !isDeepStrictEqual(before.get(name), after.get(name))).sort();
  const taken = Object.fromEntries(TAKEN.map((option) => [option, next[option]]));
  // A model of a list cannot take the place of one without, and its provider belongs to it.
  const { models, provider } = restart.includes("models") ? now : next;
  const { tls } = restart.includes("tls_cert") ? now : next;
  const { logFile } = restart.includes("log_file") ? now : next;
  return { config: { ...now, ...taken, models, provider, tls, logFile }, restart };
}
