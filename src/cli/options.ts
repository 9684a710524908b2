import { normalizeServer } from "../client/server-url.ts";
import { isSendable } from "../client/token.ts";
import { PRICE, STARTING_TOKENS } from "../protocol/limits.ts";
import { oneOf, oneOfOr, seconds, text, textOr, toggle, whole, type Option } from "./option.ts";

const LARGEST = 1_000_000_000;

function address(typed: string): string {
  if (typed === "local") return typed;
  try {
    return normalizeServer(typed);
  } catch {
    throw new Error("local, or an address like https://chat.example.org or localhost:8000");
  }
}

function token(typed: string): string {
  if (isSendable(typed)) return typed;
  throw new Error("one token, in visible ASCII characters without spaces");
}

function webAddress(typed: string): string {
  if (/^https?:\/\//i.test(typed) && URL.canParse(typed)) return typed;
  throw new Error("an address that begins with http:// or https://");
}

function postgres(typed: string): string {
  if (/^postgres(ql)?:\/\/./i.test(typed)) return typed;
  throw new Error("a Postgres address that begins with postgres://");
}

function longSecret(typed: string): string {
  if (Buffer.byteLength(typed) >= 32) return typed;
  throw new Error("at least 32 bytes long (openssl rand -base64 48 makes one)");
}

function filled(typed: string): string {
  if (typed.trim() !== "") return typed;
  throw new Error("some text");
}

/**
 * Every setting of every command (CLI.md §1): the one table that commander, the environment, the settings file and
 * the help are driven by. What isn't here isn't an option.
 */
export const options = {
  server: text(
    {
      flag: "server",
      short: "s",
      value: "URL",
      env: ["AI_CHAT_SERVER"],
      setting: "server",
      secret: true,
      help: "the server to talk to; local is your own on this machine",
      shown: "http://127.0.0.1:8000",
    },
    address,
  ),
  json: toggle({ flag: "json", help: "print one JSON document, for programs" }),
  quiet: toggle({ flag: "quiet", short: "q", help: "no notes" }),
  noInput: toggle({ flag: "no-input", help: "never ask for anything" }),
  noStdin: toggle({ flag: "no-stdin", help: "don't read standard input" }),
  noColor: toggle({ flag: "no-color", help: "no colours (also NO_COLOR)" }),
  timeout: seconds(
    { flag: "timeout", value: "SECONDS", setting: "timeout", help: "longest silence of the server" },
    300,
    [0.1, 86_400],
  ),
  help: toggle({ flag: "help", short: "h", help: "this help" }),
  version: toggle({ flag: "version", short: "V", help: "the version" }),

  username: text({ flag: "username", short: "u", value: "NAME", help: "the name of your account" }, filled),
  passwordStdin: toggle({ flag: "password-stdin", help: "read the password from the first line of stdin" }),
  stream: toggle({ flag: "stream", help: "with --json: a line of JSON for each piece" }),
  plain: toggle({ flag: "plain", setting: "plain", help: "a line mode without redraw; needs no terminal" }),

  host: textOr(
    { flag: "host", value: "HOST", env: ["AI_CHAT_HOST"], help: "address to listen on" },
    "127.0.0.1",
    filled,
  ),
  port: whole(
    { flag: "port", value: "PORT", env: ["AI_CHAT_PORT"], help: "port to listen on; 0 takes a free one" },
    8000,
    [0, 65_535],
  ),
  data: text(
    {
      flag: "data",
      value: "DIR",
      env: ["AI_CHAT_DATA"],
      help: "folder of the JSON store",
      shown: "your data folder",
    },
    filled,
  ),
  store: text(
    {
      flag: "store",
      value: "URL",
      env: ["AI_CHAT_STORE"],
      secret: true,
      help: "postgres://… instead of a folder",
    },
    postgres,
  ),
  provider: oneOf(
    {
      flag: "provider",
      value: "NAME",
      env: ["AI_CHAT_PROVIDER"],
      help: "who answers: demo or openai",
      shown: "whatever is there",
    },
    ["demo", "openai"],
  ),
  baseUrl: text(
    {
      flag: "base-url",
      value: "URL",
      env: ["AI_CHAT_BASE_URL"],
      help: "any API like OpenAI's, with its /v1",
      shown: "OpenAI's",
    },
    webAddress,
  ),
  model: text(
    {
      flag: "model",
      value: "NAME",
      env: ["AI_CHAT_MODEL"],
      help: "the model's name",
      shown: "the provider's usual",
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
  questionTimeout: seconds(
    {
      flag: "question-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_QUESTION_TIMEOUT"],
      help: "longest that a question may take",
    },
    120,
    [0.1, 86_400],
  ),
  drainTimeout: seconds(
    {
      flag: "drain-timeout",
      value: "SECONDS",
      env: ["AI_CHAT_DRAIN_TIMEOUT"],
      help: "at a stop, time for open questions",
    },
    30,
    [0, 86_400],
  ),
  contextChars: whole(
    {
      flag: "context-chars",
      value: "N",
      env: ["AI_CHAT_CONTEXT_CHARS"],
      help: "characters of conversation sent to the AI",
    },
    48_000,
    [0, LARGEST],
  ),
  tokenDays: whole(
    { flag: "token-days", value: "DAYS", env: ["AI_CHAT_TOKEN_DAYS"], help: "days that a login lasts" },
    30,
    [1, 3650],
  ),
  bcryptCost: whole(
    { flag: "bcrypt-cost", value: "N", env: ["AI_CHAT_BCRYPT_COST"], help: "work of hashing a password" },
    12,
    [4, 16],
  ),
  log: oneOfOr(
    { flag: "log", value: "FORM", env: ["AI_CHAT_LOG"], help: "pretty, json or silent" },
    ["pretty", "json", "silent"],
    "pretty",
  ),

  token: text(
    { env: ["AI_CHAT_TOKEN"], secret: true, help: "a token to use instead of the kept one" },
    token,
  ),
  password: text({
    env: ["AI_CHAT_PASSWORD"],
    secret: true,
    help: "the password, where no terminal can ask for it",
  }),
  apiKey: text({ env: ["AI_CHAT_API_KEY", "OPENAI_API_KEY"], secret: true, help: "the AI's key" }),
  jwtSecret: text(
    { env: ["AI_CHAT_JWT_SECRET"], secret: true, help: "signs tokens; else the store keeps one" },
    longSecret,
  ),
};

export type OptionName = keyof typeof options;

type Parsed<O> = O extends Option<infer T> ? T : never;

/** The value of every setting, as its option reads it. */
export type Values = { [K in OptionName]: Parsed<(typeof options)[K]> };

/** The options that every command takes. */
export const everywhere: readonly OptionName[] = [
  "server",
  "json",
  "quiet",
  "noInput",
  "noStdin",
  "noColor",
  "timeout",
  "help",
  "version",
];

/** The settings of a server, by flag or environment; also of the one that `-s local` starts (there by environment). */
export const ofServer: readonly OptionName[] = [
  "host",
  "port",
  "data",
  "store",
  "provider",
  "baseUrl",
  "model",
  "system",
  "price",
  "startingTokens",
  "questionTimeout",
  "drainTimeout",
  "contextChars",
  "tokenDays",
  "bcryptCost",
  "log",
];

/** An option by the name that the table gives it. */
export const optionNamed = (name: OptionName): Option<unknown> => options[name];
