import { ClientError } from "../../../client/failure.ts";
import { ACT_PAGE, type AccountRow, type ActReply } from "../../../server/local.ts";
import { namedBriefly } from "../../../text/named-briefly.ts";
import { counted, grouped } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";
import { actOf, askAct } from "../../connection/act.ts";
import type { Ask } from "../../connection/operate.ts";
import { sameCommand } from "../../connection/same-command.ts";

export interface Grant {
  id: string;
  tokens: number;
}

/** What one account has got. `granted`: by this call. */
export interface Given {
  username: string;
  granted: number;
  tokens: number;
}

type Outcome = Extract<ActReply, { kind: "given" }>["outcomes"][number];

/** `some`: accounts that are not these may have got their tokens. */
function idTaken(accounts: readonly AccountRow[], { id }: Grant, call: Call, some: boolean): ClientError {
  const names = namedBriefly(accounts.map(({ username }) => username));
  return new ClientError(
    "idempotency_key_reused",
    `The ID ${id} was already used for another grant or take of ${names}. ${some ? "Nothing was given to them" : "Nothing was given"}.`,
    { hint: `Use another --id, or none: ${sameCommand(call, "", "id")}` },
  );
}

const tooMany = ({ username, tokens }: Pick<AccountRow, "username" | "tokens">): ClientError =>
  new ClientError(
    "usage",
    `${username} has ${counted(tokens, "token")}, and no balance may be above ${grouped(Number.MAX_SAFE_INTEGER)}.`,
    { hint: "Give fewer." },
  );

const pagesOf = (accounts: readonly AccountRow[]): AccountRow[][] =>
  Array.from({ length: Math.ceil(accounts.length / ACT_PAGE) }, (_, at) =>
    accounts.slice(at * ACT_PAGE, (at + 1) * ACT_PAGE),
  );

/** Throws if it is known before that an account will not take the grant. */
export async function checkAll(
  accounts: readonly AccountRow[],
  grant: Grant,
  call: Call,
  ask: Ask,
): Promise<void> {
  const other: AccountRow[] = [];
  for (const page of pagesOf(accounts)) {
    const reply = await askAct(ask, { kind: "moved", id: grant.id, accounts: page.map(({ id }) => id) });
    const moved = reply.kind === "moved" ? reply.moved : [];
    for (const [at, account] of page.entries()) {
      const before = moved[at] ?? null;
      if (before !== null && before !== grant.tokens) other.push(account);
      if (before === null && account.tokens + grant.tokens > Number.MAX_SAFE_INTEGER) throw tooMany(account);
    }
  }
  if (other.length > 0) throw idTaken(other, grant, call, false);
}

/** Nothing for an account that was deleted in the meantime. */
function givenTo(account: AccountRow, outcome: Outcome, grant: Grant, call: Call): Given[] {
  if (outcome.kind === "unknown") return [];
  if (outcome.kind === "id_taken") throw idTaken([account], grant, call, true);
  if (outcome.kind === "too_many") throw tooMany({ ...account, tokens: outcome.tokens });
  const granted = outcome.kind === "granted" ? grant.tokens : 0;
  return [{ username: account.username, granted, tokens: outcome.tokens }];
}

/** Gives tokens page by page: the questions of a running server come between. */
export async function giveAll(
  accounts: readonly AccountRow[],
  grant: Grant,
  call: Call,
  ask: Ask,
): Promise<Given[]> {
  const given: Given[] = [];
  for (const page of pagesOf(accounts)) {
    const request = { ...grant, ...actOf(call), kind: "grant" as const, accounts: page.map(({ id }) => id) };
    const reply = await askAct(ask, request);
    if (reply.kind !== "given") throw new Error(`a grant was answered with ${reply.kind}`);
    for (const [at, outcome] of reply.outcomes.entries())
      given.push(...givenTo(page[at]!, outcome, grant, call));
  }
  return given;
}
