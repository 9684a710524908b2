import type { ClientError } from "../client/failure.ts";
import { grantWords } from "../text/grant-words.ts";
import { commas, counted } from "./money.ts";

interface FailureContext {
  /** `-s local`: then the operator sits here. */
  local: boolean;
  username: string | null;
  commandName: string;
  price: number | null;
  /** Whether the server keeps Idempotency-Keys: then a repeat is never charged twice. */
  idempotent: boolean;
  /** What sends it again: `Enter` or `/retry`. */
  again: string;
}

/** Whether the token is the reason: then the password is asked for in place. */
export function wantsLogin(error: ClientError): boolean {
  return error.code === "not_logged_in" || (error.status === 401 && error.code !== "invalid_credentials");
}

/** A question that failed, in the words of a session: what went wrong, and what can be done here. */
export function failureLines(error: ClientError, context: FailureContext): string[] {
  if (error.status === 402) return moneyLines(error, context);
  if (error.status === 413)
    return [
      "The question is too long for this server.",
      error.message,
      "Nothing was charged: shorten it, and send it again.",
    ];
  const lines = [error.message];
  if (error.retryAfter !== undefined && (error.status === 429 || error.status === 503))
    lines.push(`It can be asked again in ${duration(error.retryAfter)}.`);
  else if (error.status === 429) lines.push("Wait a little.");
  else lines.push(...troubleLines(error).slice(1));
  lines.push(chargeLine(error, context));
  return lines;
}

/** Nobody reckons in hundreds of seconds; rounded up, so that it is not asked too early. */
function duration(seconds: number): string {
  if (seconds <= 120) return counted(seconds, "second");
  return seconds <= 7_200
    ? counted(Math.ceil(seconds / 60), "minute")
    : counted(Math.ceil(seconds / 3_600), "hour");
}

/** What a person reads when they have no tokens: what is left, what a question costs, and how to get more. */
function moneyLines(
  error: ClientError,
  { local, username, commandName, price, again }: FailureContext,
): string[] {
  const { tokens = null, held = null, required = null } = error.balance ?? {};
  const cost = required ?? price;
  const parts = [
    tokens === null ? "" : `${counted(tokens, "token")} left`,
    held === null || held === 0 ? "" : `${commas(held)} of them held by questions in flight`,
    cost === null ? "" : `a question costs ${commas(cost)}`,
  ].filter((part) => part !== "");
  const lines = [
    error.code === "tokens_held" ? "The tokens are held by other questions." : "Not enough tokens.",
  ];
  if (parts.length > 0) lines.push(`${parts.join(", ")}.`);
  if (error.code === "tokens_held") lines.push(`Wait for them; ${again} sends it again.`);
  else if (local)
    lines.push(`More: ${commandName} ${grantWords(username ?? "NAME", cost === null ? 1000 : cost * 10)}`);
  else lines.push("The operator of the server can grant more.");
  return lines;
}

function chargeLine(error: ClientError, { price, idempotent, again }: FailureContext): string {
  if (error.charged === "no") return `Nothing was charged. ${again} sends it again.`;
  const cost = `It may have cost ${price === null ? "a question" : commas(price)}`;
  return idempotent
    ? `${cost}; ${again} sends it again and is not charged twice.`
    : `${cost}: look at /balance before sending it again.`;
}

/** What went wrong and, where it can be done from here, what to do. */
export function troubleLines({ message, hint }: ClientError): string[] {
  const here = hint === undefined ? undefined : hintHere(hint);
  return here === undefined ? [message] : [message, here];
}

/** A hint as it holds within the session; undefined for those about options and variables, which are for the shell. */
function hintHere(hint: string): string | undefined {
  const here = hint.replaceAll("--server URL", "/server URL");
  return /--[a-z]|\bask again\b/.test(here) ? undefined : here;
}
