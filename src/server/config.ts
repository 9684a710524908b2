import type { Dispatcher } from "undici";
import type { Registration } from "../protocol/replies.ts";
import type { RefillWish } from "../protocol/refill.ts";
import type { Rate } from "../protocol/rate.ts";
import type { Place } from "./core/listen-error.ts";
import type { TrustedProxies } from "./http/client-address.ts";
import type { LogLevel } from "./log.ts";
import type { LogStream } from "./log-sink.ts";
import type { PairFiles } from "./tls/pair.ts";

/** A model that answers, as the operator set it (docs/server.md#several-models). */
export interface ModelConfig {
  /** For users. Undefined without a list of models: then it is the name that the provider has. */
  name: string | undefined;
  /** Its name at the AI. Undefined: chosen at the start (docs/server.md#which-ai-answers). */
  upstream: string | undefined;
  /** Undefined: OpenAI's. */
  baseUrl: string | undefined;
  apiKey: string | undefined;
  /** Tokens per question. */
  price: number;
  /** System prompt of every conversation. */
  system: string | undefined;
  /** Most characters of message and history that are sent to the AI. Undefined: as many as it reads. */
  contextChars: number | undefined;
  /** Most characters of a message. Undefined: as many as `contextChars`. */
  messageChars: number | undefined;
  /** Whether it takes images. */
  images: boolean;
  /** Longest answer, in tokens of the AI. */
  maxOutputTokens: number | undefined;
  temperature: number | undefined;
  reasoningEffort: string | undefined;
  /** More fields of each request. */
  extraBody: Readonly<Record<string, unknown>>;
  /** More headers of each request; they may hold secrets. */
  headers: Readonly<Record<string, string>>;
  /** Parameters of OpenAI's API that clients may use besides the usual ones. */
  allow?: readonly string[] | undefined;
  /** Name of the model that is asked if this one fails. */
  fallback: string | undefined;
}

/** The options of `serve`, already checked. */
export interface ServerConfig {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Undefined: without TLS. */
  tls: PairFiles | undefined;
  store:
    | { kind: "json"; dir: string; /** The file of the ledger's key. */ ledgerKey?: string | undefined }
    | {
        kind: "postgres";
        url: string;
        /** Beside the URL; pg takes it from the environment. Only to keep it out of the log. */
        password?: string | undefined;
        /** Most connections. */
        connections: number;
      };
  /** Undefined: chosen by the other settings (docs/server.md#which-ai-answers). */
  provider: "demo" | "openai" | undefined;
  /** The first is the default. */
  models: readonly [ModelConfig, ...ModelConfig[]];
  /** Tokens of a new account. */
  startingTokens: number;
  refill: RefillWish;
  registration: Registration;
  /** Seconds. */
  questionTimeout: number;
  /** Seconds. */
  idleTimeout: number;
  /** Seconds. */
  drainTimeout: number;
  /** Accounts that are made from one address. Undefined: any number. */
  limitRegister: Rate | undefined;
  /** New questions of one account. Undefined: any number. */
  limitQuestions: Rate | undefined;
  /** Questions of one account at once. */
  maxInFlight: number;
  /** Questions of all accounts at once. */
  maxQuestions: number;
  /** Seconds from a signal to the drain. */
  drainDelay: number;
  /** Seconds that an idle connection is kept. */
  keepAlive: number;
  /** Most bytes of request bodies, unread answers and kept answers. */
  maxBuffered: number;
  /** Most bytes of a body at /v1. */
  maxBody: number;
  /** Lifetime of a token, in days. */
  tokenDays: number;
  bcryptCost: number;
  /** Wrong passwords that are taken; see `openLoginLimits`. Undefined: any number. */
  limitLogin: Rate | undefined;
  limitLoginAddress: Rate | undefined;
  limitLoginStrangers: Rate | undefined;
  /** Whose X-Forwarded-For is taken. Undefined: nobody's. */
  trustProxy: TrustedProxies | undefined;
  /** Origins whose pages may use the API, as browsers send them. */
  corsOrigin: readonly string[];
  /** Most connections of clients. */
  maxConnections: number;
  /** Sign tokens, the first one new ones; each at least 32 bytes of UTF-8. Undefined: the store's own. */
  secrets: readonly string[] | undefined;
  /** Folder of what the build made for browsers. Undefined: nothing of it is served. */
  built?: string | undefined;
  /** Serve no pages for browsers. */
  noPage: boolean;
  /** Where metrics are served; port 0: any free one. Undefined: nowhere. */
  metrics: Place | undefined;
  log: "pretty" | "json" | "silent";
  logLevel: LogLevel;
  /** The file that `logStream` writes, if it is one. */
  logFile: string | undefined;
  logStream: LogStream;
  /** A proxy for requests to the AI; undefined: none. */
  dispatcher: Dispatcher | undefined;
  /** The package's version, for `GET /api/`. */
  version: string;
  /** Gets warnings for the operator. */
  warn: (sentence: string) => void;
  /** Gets other sentences for the operator. */
  note?: (sentence: string) => void;
  /** Aborts the wait for a database at the start, which then rejects with its reason. */
  signal?: AbortSignal;
}
