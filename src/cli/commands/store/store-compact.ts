import { resolve } from "node:path";
import { ClientError } from "../../../client/failure.ts";
import { compactStore } from "../../../server/local.ts";
import { counted } from "../../../text/numbers.ts";
import { shellWord } from "../../../text/shell-word.ts";
import type { Call } from "../../argv/call.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { CompactDocument } from "./document.ts";

function folderOf({ words, program }: Pick<Call, "words" | "program">): string {
  const [, dir] = words;
  if (dir === undefined || words.length > 2)
    throw new ClientError("usage", "store compact takes one folder.", {
      hint: `For instance: ${program.name} store compact /srv/ai-chat`,
    });
  if (/^\w+:\/\//.test(dir))
    throw new ClientError("usage", "Only the ledger of a data folder can be compacted, not a database.", {
      hint: `For instance: ${program.name} store compact /srv/ai-chat`,
    });
  return dir;
}

const size = ({ lines, bytes }: { lines: number; bytes: number }) =>
  `${counted(lines, "line")}, ${counted(bytes, "byte")}`;

/** `store compact DIR`: begins a new ledger with the present state, and keeps the old one (docs/backup.md#compact-a-ledger). */
export async function compact(call: Call): Promise<number> {
  const { output, signal, program, values } = call;
  const dir = folderOf(call);
  const again = `${program.name} store compact ${shellWord(dir)}`;
  const done = await compactStore(dir, {
    warn: output.note,
    signal,
    ledgerKey: values.ledgerKey,
  }).catch((error: unknown) => {
    if (!signal.aborted || error !== signal.reason) throw asOwner(error, () => again);
    throw new ClientError("interrupted", "Interrupted. The ledger is as it was.", {
      hint: `To start over: ${again}`,
    });
  });
  const { older, before, after, accounts, tokens, head } = done;
  if (output.json)
    await output.document({
      store: resolve(dir),
      older,
      before,
      after,
      accounts,
      tokens,
      head,
    } satisfies CompactDocument);
  else
    await output.line(
      `Compacted ${dir}: ${counted(accounts, "account")} with ${counted(tokens, "token")}, as before.\n` +
        `  before  ${size(before)}\n  after   ${size(after)}\n  head    line ${after.lines}: ${head}\n` +
        `  older   ${older}\n` +
        "The older ledger has all facts of before, with former names and hashes. Keep it with the backups, or delete it to forget them.",
    );
  return 0;
}
