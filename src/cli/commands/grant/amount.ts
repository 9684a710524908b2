import { ClientError } from "../../../client/failure.ts";
import { grouped } from "../../../text/numbers.ts";
import { repeatable } from "../../../text/repeatable.ts";

/** The tokens that a word stands for. Throws `usage` with `hint`. */
export function amountOf(typed: string, hint: string): number {
  const tokens = /^\d{1,16}$/.test(typed) ? Number(typed) : Number.NaN;
  if (tokens > 0 && Number.isSafeInteger(tokens)) return tokens;
  throw new ClientError(
    "usage",
    `TOKENS must be a whole number from 1 to ${grouped(Number.MAX_SAFE_INTEGER)}, in plain digits, not ${JSON.stringify(repeatable(typed).slice(0, 80))}.`,
    { hint },
  );
}
