import { withoutApiKeys } from "../protocol/api-key.ts";
import type { ServerConfig } from "./config.ts";
import { decoded } from "./providers/base-url.ts";
import { createRedaction } from "./providers/quote.ts";
import { upstreamSecrets } from "./providers/upstream-secrets.ts";
import { storeUrl } from "./stores/postgres/store-url.ts";

/** A shorter one may be a word of any sentence, such as the key `ollama`. */
const SHORT = 8;

/** The secrets of a configuration that are long enough to be told from words. */
function secretsOf({ models, store, secrets = [] }: ServerConfig): string[] {
  const ofStore = store.kind === "postgres" ? [...passwordsOf(store.url), store.password] : [];
  const all = [...models.flatMap(upstreamSecrets), ...ofStore, ...secrets];
  return all.filter((one) => one !== undefined).filter((one) => one.length >= SHORT);
}

/** As it is written in the URL, and as it is sent; pg also reads one from the query. */
function passwordsOf(url: string): string[] {
  const { password = "", searchParams } = storeUrl(url) ?? {};
  return [password, decoded(password), searchParams?.get("password") ?? ""];
}

/** Replaces what the configuration keeps secret in any text for the operator. */
export interface Secrets {
  redact: (text: string) => string;
  /** For a configuration that was read again. */
  change: (config: ServerConfig) => void;
}

export function createSecrets(config: ServerConfig): Secrets {
  let redact = createRedaction(secretsOf(config));
  return {
    redact: (text) => withoutApiKeys(redact(text)),
    change: (next) => void (redact = createRedaction(secretsOf(next))),
  };
}
