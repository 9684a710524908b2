import type { Operations } from "../../core/operations.ts";
import { createAccountRows } from "./account-rows.ts";
import { createActs } from "./acts.ts";
import { give, MOVED } from "./grants.ts";
import { BALANCE } from "./ledger.ts";
import { SWEEP_ACCOUNT } from "./sweep.ts";
import type { Tallied } from "./tally.ts";
import type { UnderWay } from "./under-way.ts";

/** The port `Operations` over a database. An act is tracked as a whole, a list by its pages. */
export function createOperations(database: Tallied, underWay: UnderWay): Operations {
  const { run } = database;

  const take: Operations["take"] = async ({ account, tokens, ...asked }) => {
    if (!Number.isSafeInteger(tokens) || tokens <= 0)
      throw new RangeError("A positive whole number of tokens is taken.");
    // Expired holds are free.
    await run(SWEEP_ACCOUNT, [account]);
    const given = await give(database, "take", { account, tokens, ...asked });
    if (given.kind === "none") throw new Error("A take that is always possible was not made.");
    if (given.kind !== "made" && given.kind !== "repeated") return { kind: given.kind };
    const { rows } = await run<{ tokens: string; held: string }>(BALANCE, [account]);
    return {
      kind: given.kind === "made" ? "taken" : "repeated",
      taken: Math.abs(given.tokens),
      balance: { tokens: Number(rows[0]?.tokens), held: Number(rows[0]?.held) },
    };
  };

  const moved: Operations["moved"] = async (id, accounts) => {
    const { rows } = await run<{ tokens: string | null }>(MOVED, [id, accounts]);
    return rows.map(({ tokens }) => (tokens === null ? null : Number(tokens)));
  };

  return {
    ...underWay.count({ ...createActs(database), take, moved }),
    ...createAccountRows(underWay.count({ run })),
  };
}
