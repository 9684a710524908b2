import { ClientError } from "../../../client/failure.ts";
import { accountNamed, withReader } from "../../connection/books.ts";
import type { Call } from "../../argv/call.ts";
import { pagesOf } from "./pages.ts";
import { createFactWriter } from "./write-facts.ts";

/** Milliseconds that a fact waits for others while they are followed. */
const PATIENCE = 50;

const wrong = ({ program }: Pick<Call, "program">, message: string) =>
  new ClientError("usage", message, { hint: `See: ${program.name} ledger --help` });

function nameOf(call: Call): string {
  const [name, ...more] = call.words;
  if (name !== undefined && more.length === 0) return name;
  throw wrong(call, "ledger takes the name of one account.");
}

function checkOptions(call: Call): void {
  const { values, output } = call;
  const { csv, follow, since, until } = values;
  if (csv && follow) throw wrong(call, "--csv and --follow don't go together.");
  if (csv && output.json) throw wrong(call, "--csv and --json are two forms of the same. Leave one out.");
  if (follow && until) throw wrong(call, "--follow has no end, so --until must be left out.");
  if (since && until && since.start >= until.end) throw wrong(call, "--until must be later than --since.");
}

/** `ledger NAME`: shows the facts of an account, in the order in which they happened (docs/accounts.md#books). */
export async function ledger(call: Call): Promise<void> {
  const name = nameOf(call);
  checkOptions(call);
  const { values, signal } = call;
  const { since, until, follow } = values;
  const { id: account } = await accountNamed(name, call);
  const writer = createFactWriter(call);
  const asked = { account, since: since?.start, until: until?.end, follow: follow ? signal : undefined };
  await withReader(call, async (reader) => {
    for await (const page of pagesOf(reader.facts(asked), follow ? PATIENCE : undefined))
      await writer.add(page);
  });
  await writer.end();
}
