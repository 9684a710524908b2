import { USAGE_DAYS } from "../../protocol/limits.ts";
import type { NamedUse, UsageReply } from "../../protocol/replies.ts";
import type { Ledger } from "../core/ports.ts";
import { accountOf, type Middleware } from "./context.ts";
import { replyJson } from "./reply.ts";
import { invalidFields } from "./validate.ts";

/** `days` of the query: at most once, in digits; see {@link USAGE_DAYS}. */
function daysOf(query: URLSearchParams): number {
  const given = query.getAll("days");
  if (given.length === 0) return USAGE_DAYS.usual;
  const [text = ""] = given;
  const days = given.length === 1 && /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= USAGE_DAYS.most) return days;
  throw invalidFields([
    { field: "days", detail: `days must be one whole number from 1 to ${USAGE_DAYS.most}.` },
  ]);
}

/** `by` of the query: at most once. */
function byOf(query: URLSearchParams): "key" | "model" | undefined {
  const [by, ...more] = query.getAll("by");
  if (by === undefined) return undefined;
  if (more.length === 0 && (by === "key" || by === "model")) return by;
  throw invalidFields([{ field: "by", detail: "by must be key or model, once." }]);
}

const inOrder = (a: NamedUse, b: NamedUse) =>
  b.tokens - a.tokens || b.questions - a.questions || (String(a.name) < String(b.name) ? -1 : 1);

/** The handler of `GET /api/usage`. */
export function tellUsage(ledger: Ledger): Middleware {
  return async function tellUsage(ctx) {
    const { id } = accountOf(ctx);
    const query = new URLSearchParams(ctx.querystring);
    const count = daysOf(query);
    const by = byOf(query);
    const [{ tokens }, days, sums = []] = await Promise.all([
      ledger.balance(id),
      ledger.usage(id, count),
      by && ledger.usageBy?.(id, count, by),
    ]);
    const named = sums.map(({ name, questions, tokens: spent }) => ({ name, questions, tokens: spent }));
    named.sort(inOrder);
    const reply: UsageReply = {
      tokens,
      days,
      ...(by === "key" && { keys: named }),
      ...(by === "model" && { models: named }),
    };
    replyJson(ctx, 200, reply);
  };
}
