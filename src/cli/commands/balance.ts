import type { Call } from "../call.ts";
import type { Document } from "../documents.ts";
import { counted, grouped } from "../numbers.ts";
import { ClientError } from "../../client/client-error.ts";
import { withTarget } from "../target.ts";

/** `balance`: tokens left, and for how many questions where the server tells its price. */
export async function balance(call: Call): Promise<void> {
  const { output, signal } = call;
  await withTarget(call, "needed", async ({ client, name }) => {
    const { tokens, held } = await client.balance(signal);
    if (output.quiet && !output.json) {
      if (tokens !== null) return output.line(String(tokens));
      throw new ClientError("not_offered", `${name} doesn't tell how many tokens are left.`, {
        hint: "Ask whoever runs the server.",
      });
    }
    const { price } = await client.offer();
    const free = tokens === null ? null : tokens - (held ?? 0);
    const questions =
      free === null || price === null || price <= 0 ? null : Math.max(0, Math.floor(free / price));
    if (output.json) return output.document({ tokens, held, price, questions } satisfies Document<"balance">);
    const parts = [
      tokens === null
        ? "The server doesn't tell how many tokens are left"
        : `${counted(tokens, "token")} left`,
      questions === null ? "" : `enough for ${counted(questions, "question")}`,
      held ? `${grouped(held)} held by questions under way` : "",
    ];
    await output.line(parts.filter((part) => part !== "").join(", "));
  });
}
