import type { Call } from "../../argv/call.ts";
import type { BalanceDocument } from "./document.ts";
import { counted, grouped } from "../../../text/numbers.ts";
import { ClientError } from "../../../client/failure.ts";
import { nextWords } from "../../../client/next-tokens.ts";
import { withTarget } from "../../connection/target.ts";

/**
 * `balance`: tokens left, and for how many questions if the server reports its price. Fails with `not_offered` if the
 * server does not report the balance (docs/cli.md#missing-features).
 */
export async function balance(call: Call): Promise<void> {
  const { output, signal } = call;
  await withTarget(call, "needed", async ({ client, name }) => {
    const { tokens, held, next } = await client.balance(signal);
    if (tokens === null)
      throw new ClientError("not_offered", `${name} does not report how many tokens are left.`);
    if (output.quiet && !output.json) return output.line(String(tokens));
    const { price } = await client.offer();
    const questions =
      price === null || price <= 0 ? null : Math.max(0, Math.floor((tokens - (held ?? 0)) / price));
    if (output.json)
      return output.document({
        tokens,
        held,
        price,
        questions,
        next: next ? { tokens: next.tokens, at: new Date(next.at).toISOString() } : null,
      } satisfies BalanceDocument);
    const parts = [
      `${counted(tokens, "token")} left`,
      questions === null ? "" : `enough for ${counted(questions, "question")}`,
      held ? `${grouped(held)} held by questions under way` : "",
      next ? nextWords(next, Date.now()) : "",
    ];
    await output.line(parts.filter((part) => part !== "").join(", "));
  });
}
