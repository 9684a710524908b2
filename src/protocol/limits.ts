import type { Extension } from "./routes.ts";

/** Tokens that a new account starts with, unless the operator says otherwise. */
export const STARTING_TOKENS = 4000;

/** Tokens that a question costs, unless the operator says otherwise. */
export const PRICE = 100;

/**
 * Most characters of message and history that go to an AI whose own limit is not known, unless the operator says otherwise
 * (docs/server.md#context).
 */
export const CONTEXT_CHARACTERS = 100_000;

/**
 * Longest message, in Unicode code points after trimming, where no other limit says so: at a model that gets no history, and
 * at a server of this program of before `limits`.
 */
export const MESSAGE_CHARACTERS = 32_000;

/** Characters of the name of an API key. */
export const API_KEY_NAME_CHARACTERS = 64;

/** Most turns that a request's `history` may hold (docs/http-api.md#history). */
export const HISTORY_ENTRIES = 200;

/** Longest name of a model, in characters (docs/server.md#several-models). */
export const MODEL_CHARACTERS = 200;

/** Bytes of a chat request's body, counted unpacked, that every server takes (docs/http-api.md#limits). */
export const CHAT_BODY_BYTES = 1024 * 1024;

/** The most that a server takes, however large its limits are. */
export const MOST_CHAT_BODY_BYTES = 64 * 1024 * 1024;

/** Largest body of register, login, logout and password in bytes, counted unpacked (docs/http-api.md#limits). */
export const CREDENTIALS_BODY_BYTES = 16 * 1024;

/** Shortest password, in code points. */
export const PASSWORD_CODE_POINTS = 8;

/** Longest password, in bytes of UTF-8: bcrypt reads no further. */
export const PASSWORD_BYTES = 72;

/** Longest username, in characters. */
export const USERNAME_CHARACTERS = 150;

/** Most days of usage that are kept and asked for, and the number without `days` (docs/http-api.md#usage). */
export const USAGE_DAYS = { most: 90, usual: 30 } as const;

/** How long a charged Idempotency-Key is remembered, in milliseconds (docs/http-api.md#idempotency). */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** Fewest bytes of the secret that signs tokens (RFC 7518 §3.2: the size of the hash). */
export const SECRET_BYTES = 32;

/** Longest Idempotency-Key, in characters (docs/http-api.md#idempotency). */
export const KEY_CHARACTERS = 255;

/** Longest instructions of a question, in Unicode code points (docs/http-api.md#instructions). */
export const INSTRUCTIONS_CHARACTERS = 8000;

/** Most images of a question, the bytes of each, and the bytes of a body that may have some (docs/http-api.md#images). */
export const IMAGES = { most: 4, bytes: 5 * 1024 * 1024, body: 28 * 1024 * 1024 } as const;

/** Whether these limits hold at a server with such extensions. Others with the four endpoints may have other limits. */
export const hasOurRules = (extensions: ReadonlySet<Extension> | undefined): boolean =>
  extensions !== undefined && extensions.size > 0;
