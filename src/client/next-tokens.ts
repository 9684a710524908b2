import { headers } from "../protocol/replies.ts";
import { told } from "../text/loose-json.ts";
import { grouped } from "../text/numbers.ts";

/** The next refill of an account: so many tokens, at a time in milliseconds since the epoch. */
export interface NextTokens {
  tokens: number;
  at: number;
}

/** The next refill that a reply tells of (docs/http-api.md#refills). Undefined without one, or if it cannot be read. */
export function nextTokens(reply: { header(name: string): string | undefined }): NextTokens | undefined {
  const tokens = told(reply.header(headers.next));
  const at = Date.parse(reply.header(headers.nextAt) ?? "");
  return tokens === null || tokens === 0 || Number.isNaN(at) ? undefined : { tokens, at };
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** `next 1,000 tokens at 00:00 UTC`; with its date if it is more than a day away. */
export function nextWords({ tokens, at }: NextTokens, now: number): string {
  const text = new Date(at).toISOString();
  const time = `${text.slice(11, 16)} UTC`;
  const amount = tokens === 1 ? "next token" : `next ${grouped(tokens)} tokens`;
  return `${amount} ${Math.abs(at - now) > DAY_MS ? `on ${text.slice(0, 10)} at` : "at"} ${time}`;
}
