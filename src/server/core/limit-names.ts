/** Every limit that a `rate_limited` names (docs/http-api.md#rate-limits). */
export const LIMITS = [
  "login",
  "login-address",
  "login-strangers",
  "register",
  "invite",
  "names",
  "keys",
  "questions",
  "in-flight",
] as const;

/** See {@link LIMITS}. */
export type LimitName = (typeof LIMITS)[number];
