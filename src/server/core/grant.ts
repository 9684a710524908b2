import { z } from "zod";
import type { Store } from "./ports.ts";

/** The reason that the ledger states for a grant by an operator. */
const REASON = "grant by operator";

/** An operator's request to grant tokens to the account of this name. */
export const grantRequest = z.object({
  name: z.string(),
  tokens: z.int().positive(),
  /** The same id is one grant, for ever: a repeat changes nothing. */
  id: z.string().regex(/^[\x21-\x7e]{1,200}$/),
});

export type GrantRequest = z.infer<typeof grantRequest>;

/** `tokens`: the balance after it; `username`: as typed at registration. See `GrantOutcome`. */
export const grantReply = z.union([
  z.object({ kind: z.enum(["granted", "repeated"]), username: z.string(), tokens: z.number() }),
  z.object({ kind: z.literal("too_many"), username: z.string(), tokens: z.number() }),
  z.object({ kind: z.enum(["unknown_name", "id_taken"]) }),
]);

export type GrantReply = z.infer<typeof grantReply>;

/** Gives tokens to the account of that name. Rejects with `store_unavailable`; repeated with the same id it is one. */
export async function grantByName(
  { accounts, ledger }: Pick<Store, "accounts" | "ledger">,
  { name, tokens, id }: GrantRequest,
): Promise<GrantReply> {
  const account = await accounts.byName(name);
  if (!account) return { kind: "unknown_name" };
  const outcome = await ledger.grant({ id, account: account.id, tokens, reason: REASON });
  if (outcome.kind === "id_taken") return outcome;
  if (outcome.kind === "unknown") return { kind: "unknown_name" };
  return { kind: outcome.kind, username: account.name, tokens: outcome.balance.tokens };
}
