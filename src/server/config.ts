import type { Writable } from "node:stream";
import type { Dispatcher } from "undici";

/** The options of `serve`, already checked. */
export interface ServerConfig {
  host: string;
  /** 0: any free port. */
  port: number;
  store:
    | { kind: "json"; dir: string }
    | { kind: "postgres"; url: string; /** Most connections. */ connections: number };
  /** Undefined: chosen by the other settings (docs/hosting.md#which-ai-answers). */
  provider: "demo" | "openai" | undefined;
  baseUrl: string | undefined;
  model: string | undefined;
  apiKey: string | undefined;
  /** System prompt of every conversation. */
  system: string | undefined;
  /** Tokens per question. */
  price: number;
  /** Tokens of a new account. */
  startingTokens: number;
  /** Seconds. */
  questionTimeout: number;
  /** Seconds. */
  drainTimeout: number;
  /** Most characters of message and history that are sent to the AI. */
  contextChars: number;
  /** Lifetime of a token, in days. */
  tokenDays: number;
  bcryptCost: number;
  /** Signs tokens; at least 32 bytes of UTF-8. Undefined: the store's own secret. */
  secret: string | undefined;
  log: "pretty" | "json" | "silent";
  logStream: Writable;
  /** A proxy for requests to the AI; undefined: none. */
  dispatcher: Dispatcher | undefined;
  /** The package's version, for `GET /api/`. */
  version: string;
  /** Gets warnings for the operator. */
  warn: (sentence: string) => void;
  /** Aborts the wait for a database at the start, which then rejects with its reason. */
  signal?: AbortSignal;
}
