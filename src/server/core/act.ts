import { z } from "zod";
import { isActText } from "../../protocol/act-text.ts";
import { usernameFaults } from "../../protocol/username-rules.ts";
import type { Store } from "./ports.ts";

const actText = z.string().refine(isActText).nullable();

/** Why and by whom, of a request for an operator's act: the fields of `Act`. */
export const actFields = { reason: actText, by: actText };

/** An act on one account. */
const onAccount = { account: z.string().max(200), ...actFields };

/** An operator's request for an act. It names accounts by ID, so that a repeat after a lost response is the same act. */
export const actRequest = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("find"), name: z.string() }),
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
]);

export type ActRequest = z.infer<typeof actRequest>;

/** See `Operations`. */
export const actReply = z.union([
  z.object({
    kind: z.literal("found"),
    account: z
      .object({
        id: z.string(),
        username: z.string(),
        tokens: z.number(),
        held: z.number(),
        disabled: z.boolean(),
      })
      .nullable(),
  }),
  z.object({ kind: z.enum(["done", "repeated"]), pseudonym: z.string().optional() }),
  z.object({ kind: z.literal("taken") }),
]);

export type ActReply = z.infer<typeof actReply>;

/** Does what an operator asks. Rejects with `store_unavailable`; it can be repeated. */
export async function answerAct(
  { operations }: Pick<Store, "operations">,
  request: ActRequest,
): Promise<ActReply> {
  if (request.kind === "find")
    return { kind: "found", account: (await operations.account(request.name)) ?? null };
  const { account, reason, by } = request;
  const act = { reason, by };
  switch (request.kind) {
    case "set_disabled":
      return operations.setDisabled(account, request.disabled, act);
    case "set_password":
      return operations.setPassword(account, request.hash, act);
    case "rename":
      return operations.rename(account, request.name, act);
    case "remove":
      return operations.remove(account, act);
  }
}
