import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { InvitesRequest } from "../../src/server/core/invites.ts";
import { openFolderOperator } from "../../src/server/stores/json/operate-in-folder.ts";
import type { OperatorRequest } from "../../src/server/core/operate.ts";

/** Asks for one thing, as an operator's command does. */
async function ask(
  dir: string,
  request: OperatorRequest,
  warn: (sentence: string) => void,
  ledgerKey?: string,
) {
  const operator = await openFolderOperator(dir, warn, ledgerKey);
  try {
    return await operator.ask(request);
  } finally {
    await operator.close();
  }
}

/** The ID of an account, by its first line in the ledger. */
async function accountNamed(dir: string, name: string): Promise<string> {
  const ledger = await readFile(join(dir, "ledger.jsonl"), "utf8").catch(() => "");
  const line = ledger
    .split("\n")
    .find(
      (line) =>
        line.includes('"fact":"account"') && line.toLowerCase().includes(`"name":"${name.toLowerCase()}"`),
    );
  return line === undefined ? "nobody" : (JSON.parse(line) as { account: string }).account;
}

/** Gives tokens to the account that was made with this name. */
export async function giveInFolder(
  dir: string,
  { name, tokens, id }: { name: string; tokens: number; id: string },
  warn: (sentence: string) => void,
  ledgerKey?: string,
) {
  const accounts = [await accountNamed(dir, name)];
  const act = { kind: "grant", id, tokens, accounts, reason: null, by: null } as const;
  const reply = await ask(dir, { act }, warn, ledgerKey);
  if ("act" in reply && reply.act.kind === "given") return reply.act.outcomes[0];
  return reply;
}

/** Does what is asked about invitations. */
export async function inviteInFolder(dir: string, invites: InvitesRequest, warn: (sentence: string) => void) {
  const reply = await ask(dir, { invites }, warn);
  if ("invites" in reply) return reply.invites;
  throw new Error(`Nobody did it: ${JSON.stringify(reply)}`);
}
