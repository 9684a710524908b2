import type { ClientErrorCode } from "../../client/failure.ts";

/** The exit code of each failure (docs/cli.md#exit-codes). */
export const exitCodes = {
  invalid_json: 2,
  invalid_request: 2,
  conflicting_tokens: 2,
  missing_token: 4,
  invalid_token: 4,
  expired_token: 4,
  invalid_credentials: 4,
  insufficient_tokens: 5,
  tokens_held: 5,
  account_disabled: 4,
  key_limit_reached: 5,
  key_not_allowed: 4,
  registration_closed: 4,
  invalid_invite: 4,
  not_found: 1,
  method_not_allowed: 1,
  request_timeout: 6,
  username_taken: 2,
  key_name_taken: 2,
  request_in_progress: 7,
  answer_expired: 1,
  payload_too_large: 2,
  unsupported_media_type: 2,
  idempotency_key_reused: 2,
  rate_limited: 7,
  internal_error: 1,
  upstream_error: 8,
  upstream_unavailable: 8,
  overloaded: 6,
  store_unavailable: 6,
  shutting_down: 6,
  upstream_timeout: 8,
  usage: 2,
  input_required: 2,
  not_logged_in: 4,
  forbidden: 4,
  unreachable: 6,
  timeout: 6,
  not_offered: 1,
  interrupted: 130,
  bad_reply: 1,
  internal: 1,
} as const satisfies Record<ClientErrorCode, number>;

/** Commands for which `store_unavailable` is their own failure, not a server's. */
const onStore: ReadonlySet<string | undefined> = new Set([
  "accounts",
  "ledger",
  "report",
  "grant",
  "invites",
  "take",
]);

/** The exit code of a failure of `command`. */
export const exitCodeOf = (code: ClientErrorCode, command: string | undefined): number =>
  onStore.has(command) && code === "store_unavailable" ? 1 : exitCodes[code];

/** Signals that end the program, with the exit code: 128 plus the signal's number. */
export const signalCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

export type EndingSignal = keyof typeof signalCodes;

/** The exit code of the command, or that of the signal which stopped it. */
export const endCode = (code: number, stoppedBy: EndingSignal | undefined): number =>
  stoppedBy === undefined ? code : signalCodes[stoppedBy];

/** The meaning of the exit codes (docs/cli.md#exit-codes), for the help and the man page. */
export const exitMeanings: readonly (readonly [codes: readonly number[], meaning: string])[] = [
  [[0], "success; also if the reader closed the pipe"],
  [[1], "any other failure"],
  [[2], "wrong arguments, or a request that the server rejects as invalid"],
  [[4], "not logged in, or not allowed"],
  [[5], "not enough tokens"],
  [[6], "the server cannot be reached, timed out, or is not ready"],
  [[7], "too many requests, or the same question is still in progress"],
  [[8], "the AI behind the server failed"],
  [[signalCodes.SIGHUP, signalCodes.SIGINT, signalCodes.SIGTERM], "SIGHUP, SIGINT, SIGTERM"],
];
