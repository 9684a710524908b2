import { z } from "zod";
import { isActText } from "../../protocol/act-text.ts";
import { usernameFaults } from "../../protocol/username-rules.ts";
import { ACT_PAGE, type Act, type Operations } from "./operations.ts";
import type { AccountId, Ledger } from "./ports.ts";

/** What the ledger states for a grant or a take without a reason. */
const GRANT_REASON = "grant by operator";

const actText = z.string().refine(isActText).nullable();

/** Why and by whom, of a request for an operator's act: the fields of `Act`. */
export const actFields = { reason: actText, by: actText };

const accountId = z.string().min(1).max(200);
const onAccount = { account: accountId, ...actFields };
const onAccounts = { accounts: z.array(accountId).min(1).max(ACT_PAGE) };
const tokens = z.int().positive();

/** Of a grant or a take. IDs that begin with `refill:` are the server's own. */
const givenId = z.string().regex(/^(?!refill:)[\x21-\x7e]{1,200}$/);

/**
 * An operator's request for an act. It names accounts by ID, so that a repeat after a lost response is the same act.
 * `moved`: tokens of the grants and takes that accounts have under an ID; it changes nothing.
 */
export const actRequest = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("set_disabled"), disabled: z.boolean(), ...onAccount }),
  z.object({
    kind: z.literal("set_password"),
    hash: z.string().regex(/^\$2b\$\d\d\$[./A-Za-z0-9]{53}$/),
    ...onAccount,
  }),
  z.object({
    kind: z.literal("rename"),
    name: z.string().refine((name) => usernameFaults(name).length === 0),
    ...onAccount,
  }),
  z.object({ kind: z.literal("remove"), ...onAccount }),
  z.object({ kind: z.literal("take"), id: givenId, tokens, ...onAccount }),
  z.object({ kind: z.literal("grant"), id: givenId, tokens, ...onAccounts, ...actFields }),
  z.object({ kind: z.literal("moved"), id: givenId, ...onAccounts }),
]);

export type ActRequest = z.infer<typeof actRequest>;

/** See `Operations` and `GrantOutcome`. Lists have an entry for each account of the request. */
export const actReply = z.union([
  z.object({ kind: z.enum(["done", "repeated", "name_taken", "unknown"]) }),
  z.object({ kind: z.literal("removed"), pseudonym: z.string() }),
  z.object({ kind: z.literal("taken"), repeated: z.boolean(), taken: z.number(), tokens: z.number() }),
  z.object({ kind: z.literal("id_taken") }),
  z.object({
    kind: z.literal("given"),
    outcomes: z.array(
      z.union([
        z.object({ kind: z.enum(["granted", "repeated", "too_many"]), tokens: z.number() }),
        z.object({ kind: z.literal("id_taken") }),
        z.object({ kind: z.literal("unknown") }),
      ]),
    ),
  }),
  z.object({ kind: z.literal("moved"), moved: z.array(z.number().nullable()) }),
]);

export type ActReply = z.infer<typeof actReply>;

interface Acted {
  operations: Operations;
  ledger: Pick<Ledger, "grant">;
}

/** Does what an operator asks. Rejects with `store_unavailable`; it can be repeated. */
export async function answerAct({ operations, ledger }: Acted, request: ActRequest): Promise<ActReply> {
  switch (request.kind) {
    case "set_disabled":
      return operations.setDisabled(request.account, request.disabled, actOf(request));
    case "set_password":
      return operations.setPassword(request.account, request.hash, actOf(request));
    case "rename": {
      const { kind } = await operations.rename(request.account, request.name, actOf(request));
      return { kind: kind === "taken" ? "name_taken" : kind };
    }
    case "remove": {
      const outcome = await operations.remove(request.account, actOf(request));
      return outcome.kind === "unknown" ? outcome : { kind: "removed", pseudonym: outcome.pseudonym };
    }
    case "take": {
      const { account, id, tokens } = request;
      const outcome = await operations.take({ account, id, tokens, ...actOf(request) });
      if (outcome.kind === "id_taken" || outcome.kind === "unknown") return outcome;
      const { kind, taken, balance } = outcome;
      return { kind: "taken", repeated: kind === "repeated", taken, tokens: balance.tokens };
    }
    case "grant":
      return { kind: "given", outcomes: await Promise.all(request.accounts.map(giving(ledger, request))) };
    case "moved":
      return { kind: "moved", moved: await operations.moved(request.id, request.accounts) };
  }
}

const actOf = ({ reason, by }: Act): Act => ({ reason, by });

const giving =
  (ledger: Pick<Ledger, "grant">, { id, tokens, reason, by }: Act & { id: string; tokens: number }) =>
  async (account: AccountId) => {
    const outcome = await ledger.grant({
      id,
      account,
      tokens,
      reason: reason ?? GRANT_REASON,
      by: by ?? undefined,
    });
    if (outcome.kind === "id_taken" || outcome.kind === "unknown") return outcome;
    return { kind: outcome.kind, tokens: outcome.balance.tokens };
  };
