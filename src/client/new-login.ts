import { ClientError, type ClientErrorCode } from "./failure.ts";
import { isSendable } from "./http/token.ts";

type Extras = NonNullable<ConstructorParameters<typeof ClientError>[2]>;

/** The same failure with another message, and what else is given. */
export function reworded(
  error: ClientError,
  message: string,
  extras: Extras & { code?: ClientErrorCode } = {},
): ClientError {
  const { code, message: _, ...others } = error;
  return new ClientError(extras.code ?? code, message, { ...others, cause: error.cause, ...extras });
}

/** The failure of the login after a registration that succeeded: another try must not register again. */
export const accountMade = (error: unknown, extras?: Pick<Extras, "hint">): unknown =>
  error instanceof ClientError && error.code !== "interrupted"
    ? reworded(error, `The account was made, but the login failed: ${error.message}`, extras)
    : error;

/** Whether the server refuses the token of a login that it has just answered: to log in again would not help. */
export const refusesNewToken = (error: unknown): boolean =>
  error instanceof ClientError && error.code === "invalid_token" && error.remedy?.kind === "ask_operator";

/** Names of the token in the reply to a login: ours, simplejwt, OAuth 2, Djoser, dj-rest-auth. */
const names = ["token", "access", "access_token", "auth_token", "key"];

/** The token in the reply to a login, by the first of these names that holds one. */
export function tokenIn(body: Record<string, unknown>): string | undefined {
  return names
    .map((name) => body[name])
    .find((value): value is string => typeof value === "string" && isSendable(value));
}
