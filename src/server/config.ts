import type { Writable } from "node:stream";
import type { Dispatcher } from "undici";

/** Everything that `serve` needs, already checked by whoever read it from argv and the environment. */
export interface ServerConfig {
  host: string;
  /** 0 takes a free one. */
  port: number;
  store:
    | { kind: "json"; dir: string }
    | { kind: "postgres"; url: string; /** Most at a time. */ connections: number };
  /** Who answers; undefined chooses (DESIGN §4). */
  provider: "demo" | "openai" | undefined;
  baseUrl: string | undefined;
  model: string | undefined;
  apiKey: string | undefined;
  /** System prompt that goes before every conversation. */
  system: string | undefined;
  /** Tokens a question. */
  price: number;
  /** Tokens a new account starts with. */
  startingTokens: number;
  /** Seconds. */
  questionTimeout: number;
  /** Seconds. */
  drainTimeout: number;
  /** Characters of message and history together that go upstream. */
  contextChars: number;
  /** Days that an authentication token lives. */
  tokenDays: number;
  bcryptCost: number;
  /** Signs tokens; at least 32 bytes of UTF-8. Undefined: the store keeps one. */
  secret: string | undefined;
  log: "pretty" | "json" | "silent";
  /** Where the log goes. */
  logStream: Writable;
  /** On the way to the AI; undefined goes straight. */
  dispatcher: Dispatcher | undefined;
  /** Of the package, for `GET /api/`. */
  version: string;
  /** A sentence for the operator: a torn tail that was cut, a folder mode that is too wide. */
  warn: (sentence: string) => void;
  /** Gives up waiting for a database that isn't there yet; the start then rejects with its reason. */
  signal?: AbortSignal;
}
