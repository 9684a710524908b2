import { balancerOptions } from "./balancer-options.ts";
import { CONTEXT_CHARACTERS, PRICE, SECRET_BYTES, STARTING_TOKENS } from "../../protocol/limits.ts";
import { checkedHeaders, headersSchema } from "./headers.ts";
import { ledgerOptions } from "./ledger-options.ts";
import { limitOptions } from "./limit-options.ts";
import { proxyOptions } from "./proxy-options.ts";
import { loginOptions } from "./login-options.ts";
import { FILLED, filled, json, oneOf, oneOfOr, seconds, text, textOr, whole } from "./option.ts";
import { registrationOptions } from "./registration-options.ts";
import { tlsOptions } from "./tls-options.ts";

/** The largest number of tokens or characters that an option takes. */
export const LARGEST = 1_000_000_000;

function webAddress(typed: string): string {
  if (/^https?:\/\//i.test(typed) && URL.canParse(typed)) return typed;
  throw new Error("an address that begins with http:// or https://");
}

/** Rejects URLs: without this check a database URL would create folders of that name. */
function folder(typed: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(typed)) return filled(typed);
  throw new Error("a folder (--store takes a database)");
}

function postgres(typed: string): string {
  if (/^postgres(ql)?:\/\/./i.test(typed)) return typed;
  throw new Error("a Postgres address that begins with postgres://");
}

/** One secret, or several with white space between them. */
function longSecrets(typed: string): string {
  const secrets = typed.trim().split(/\s+/);
  if (secrets.every((secret) => Buffer.byteLength(secret) >= SECRET_BYTES)) return typed;
  const each = secrets.length > 1 ? ", each of the secrets that white space separates" : "";
  throw new Error(`at least ${SECRET_BYTES} bytes long${each} (openssl rand -base64 48 makes one)`);
}

function apiKey(typed: string): string {
  if (/^[\x21-\x7e]+$/.test(typed.trim())) return typed.trim();
  throw new Error("one key, in visible ASCII characters without spaces");
}

/** The options of a server (docs/hosting.md#settings). Each has an environment variable. */
export const serverOptions = {
  host: textOr(
    { flag: "host", value: "HOST", env: ["AI_CHAT_HOST"], pattern: FILLED, help: "address to listen on" },
    "127.0.0.1",
    filled,
  ),
  port: whole(
    {
      flag: "port",
      value: "PORT",
      env: ["AI_CHAT_PORT"],
      // Kubernetes sets this variable to an address in every pod if there is a service called ai-chat.
      ignored: /^(tcp|udp|sctp):\/\//,
      help: "port to listen on; 0 takes a free one",
    },
    8000,
    [0, 65_535],
  ),
  ...tlsOptions,
  data: text(
    {
      flag: "data",
      value: "DIR",
      env: ["AI_CHAT_DATA"],
      names: "folder",
      pattern: "^(?![A-Za-z][A-Za-z0-9+.-]*://)[\\s\\S]*\\S",
      help: "folder of the JSON store",
      shown: "your data folder",
    },
    folder,
  ),
  store: text(
    {
      flag: "store",
      value: "URL",
      env: ["AI_CHAT_STORE"],
      envFile: "AI_CHAT_STORE_FILE",
      secret: true,
      elsewhere: "password",
      pattern: "^[Pp][Oo][Ss][Tt][Gg][Rr][Ee][Ss]([Qq][Ll])?://.",
      help: "postgres://… instead of a folder",
    },
    postgres,
  ),
  ...ledgerOptions,
  // At least 2: the readiness check uses one connection of its own.
  storeConnections: whole(
    {
      flag: "store-connections",
      value: "N",
      env: ["AI_CHAT_STORE_CONNECTIONS"],
      help: "most connections to Postgres",
    },
    10,
    [2, 1000],
  ),
  provider: oneOf(
    {
      flag: "provider",
      value: "NAME",
      env: ["AI_CHAT_PROVIDER"],
      help: "provider of answers: demo or openai",
      shown: "what is available",
    },
    ["demo", "openai"],
  ),
  baseUrl: text(
    {
      flag: "base-url",
      value: "URL",
      env: ["AI_CHAT_BASE_URL"],
      elsewhere: "password",
      pattern: "^[Hh][Tt][Tt][Pp][Ss]?://.",
      help: "any OpenAI-compatible API, with its /v1",
      shown: "OpenAI's",
    },
    webAddress,
  ),
  model: text(
    {
      flag: "model",
      short: "m",
      value: "NAME",
      env: ["AI_CHAT_MODEL"],
      pattern: FILLED,
      help: "the model's name",
      shown: "the provider's default",
    },
    filled,
  ),
  system: text({
    flag: "system",
    value: "TEXT",
    env: ["AI_CHAT_SYSTEM"],
    help: "system prompt before every conversation",
    shown: "none",
  }),
  price: whole(
    { flag: "price", value: "TOKENS", env: ["AI_CHAT_PRICE"], help: "tokens that a question costs" },
    PRICE,
    [0, LARGEST],
  ),
  startingTokens: whole(
    {
      flag: "starting-tokens",
      value: "TOKENS",
      env: ["AI_CHAT_STARTING_TOKENS"],
      help: "tokens of a new account",
    },
    STARTING_TOKENS,
    [0, LARGEST],
  ),
  ...registrationOptions,
  questionTimeout: seconds(
    {
      flag: "question-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_QUESTION_TIMEOUT"],
      help: "longest time for a question",
    },
    120,
    [0.1, 86_400],
  ),
  idleTimeout: seconds(
    {
      flag: "idle-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_IDLE_TIMEOUT"],
      help: "longest silence of the AI within a reply",
    },
    60,
    [0.1, 86_400],
  ),
  drainTimeout: seconds(
    {
      flag: "drain-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_DRAIN_TIMEOUT"],
      help: "at shutdown, time for open questions",
    },
    30,
    [0, 86_400],
  ),
  ...balancerOptions,
  contextChars: whole(
    {
      flag: "context-chars",
      value: "N",
      env: ["AI_CHAT_CONTEXT_CHARS"],
      help: "characters of conversation sent to the AI",
      shown: `as many as it reads, ${CONTEXT_CHARACTERS} if that is not known`,
    },
    undefined,
    [0, LARGEST],
  ),
  messageChars: whole(
    {
      flag: "message-chars",
      value: "N",
      env: ["AI_CHAT_MESSAGE_CHARS"],
      help: "longest question, in characters",
      shown: "the context",
    },
    undefined,
    [1, LARGEST],
  ),
  ...limitOptions,
  tokenDays: whole(
    { flag: "token-days", value: "DAYS", env: ["AI_CHAT_TOKEN_DAYS"], help: "days that a login lasts" },
    30,
    [1, 3650],
  ),
  bcryptCost: whole(
    { flag: "bcrypt-cost", value: "N", env: ["AI_CHAT_BCRYPT_COST"], help: "cost of hashing a password" },
    12,
    [4, 16],
  ),
  ...limitOptions,
  log: oneOfOr(
    { flag: "log", value: "FORM", env: ["AI_CHAT_LOG"], help: "pretty, json or silent" },
    ["pretty", "json", "silent"],
    "pretty",
  ),
  ...loginOptions,
  ...proxyOptions,
};

/** The options of a server that have no flag, because everybody on the machine can read a command line. */
export const serverSecrets = {
  apiKey: text(
    {
      env: ["AI_CHAT_API_KEY", "OPENAI_API_KEY"],
      envFile: "AI_CHAT_API_KEY_FILE",
      secret: true,
      elsewhere: "always",
      help: "API key of the AI",
    },
    apiKey,
  ),
  headers: json(
    { env: ["AI_CHAT_HEADERS"], secret: true, help: "more headers for the AI, as a JSON object" },
    headersSchema,
    checkedHeaders,
  ),
  jwtSecret: text(
    {
      env: ["AI_CHAT_JWT_SECRET"],
      envFile: "AI_CHAT_JWT_SECRET_FILE",
      secret: true,
      elsewhere: "always",
      help: "signs tokens, at least 32 bytes; of several, the first signs; by default the store generates one",
    },
    longSecrets,
  ),
  storePassword: text({
    env: ["PGPASSWORD"],
    envFile: "PGPASSWORD_FILE",
    secret: true,
    elsewhere: "always",
    help: "the password of a Postgres store",
  }),
};
