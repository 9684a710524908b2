import { ClientError } from "../../../client/failure.ts";
import { restoreFolder } from "../../../server/local.ts";
import { counted } from "../../../text/numbers.ts";
import { shellWord } from "../../../text/shell-word.ts";
import type { Call } from "../../argv/call.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { RestoreDocument } from "./document.ts";
import { refuseDatabase } from "./not-for-databases.ts";

function placesOf(call: Call): { file: string; dir: string } {
  const { words, program } = call;
  refuseDatabase("restore", call);
  const [, file, dir] = words;
  if (file === undefined || dir === undefined || words.length > 3)
    throw new ClientError("usage", "store restore takes a backup and a folder that does not exist yet.", {
      hint: `For instance: ${program.name} store restore 2026-11-26.backup /srv/ai-chat`,
    });
  return { file, dir };
}

/** `store restore FILE DIR`: makes a data folder of a backup (docs/backup.md#backup-and-restore). */
export async function restore(call: Call): Promise<number> {
  const { output, signal, program, values } = call;
  const places = placesOf(call);
  const restored = await restoreFolder({
    ...places,
    ledgerKey: values.ledgerKey,
    warn: output.note,
    signal,
  }).catch((error: unknown) => {
    const again = `${program.name} store restore ${shellWord(places.file)} ${shellWord(places.dir)}`;
    if (signal.aborted && error === signal.reason)
      throw new ClientError("interrupted", "Interrupted. Nothing was restored.", {
        hint: `To start over: ${again}`,
      });
    throw asOwner(error, () => again);
  });
  const { file, dir, accounts, tokens, at: made, secret } = restored;
  const { lines, head } = restored.ledger;
  if (output.json) {
    const document = { file, store: dir, accounts, tokens };
    await output.document({ ...document, made, lines, head, secret } satisfies RestoreDocument);
    return 0;
  }
  await output.line(
    [
      `Restored ${counted(accounts, "account")} with ${counted(tokens, "token")}, as of ${made}.`,
      `  from     ${file}`,
      `  to       ${dir}`,
      `  head     line ${lines}: ${head}`,
      "What happened after that is not in it: charges, grants, new accounts and passwords.",
      secret
        ? "Logins that were ended after that are valid again."
        : "The backup has no signing secret: everybody has to log in again.",
    ].join("\n"),
  );
  output.note(
    secret
      ? `To end all logins: ${program.name} store rotate-secret ${shellWord(dir)} --now. Do not put files of the old folder into this one.`
      : "Do not put files of the old folder into this one.",
  );
  return 0;
}
