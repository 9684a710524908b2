import { ClientError } from "../../../client/failure.ts";
import { backUpFolder } from "../../../server/local.ts";
import { counted } from "../../../text/numbers.ts";
import { shellWord } from "../../../text/shell-word.ts";
import type { Call } from "../../argv/call.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { BackupDocument } from "./document.ts";
import { refuseDatabase } from "./not-for-databases.ts";

/** The file that stands for stdout. */
const STDOUT = "-";

function placesOf(call: Call): { dir: string; file: string } {
  const { words, program, output } = call;
  refuseDatabase("backup", call);
  const [, dir, file] = words;
  if (dir === undefined || file === undefined || words.length > 3)
    throw new ClientError("usage", "store backup takes a data folder and a file that does not exist yet.", {
      hint: `For instance: ${program.name} store backup /srv/ai-chat /var/backups/ai-chat/$(date +%F).backup`,
    });
  if (file === STDOUT && (output.json || output.stdout.isTTY))
    throw new ClientError("usage", "A backup cannot go to stdout with --json, nor to a terminal.", {
      hint: `Name a file, or another command: ${program.name} store backup ${shellWord(dir)} - | ssh HOST 'cat > FILE'`,
    });
  return { dir, file };
}

/**
 * `store backup DIR FILE`: makes one file of a data folder, on which a server may be running
 * (docs/backup.md#backup-and-restore).
 */
export async function backUp(call: Call): Promise<number> {
  const { output, signal, program, values } = call;
  const { dir, file } = placesOf(call);
  const made = await backUpFolder({
    dir,
    to: file === STDOUT ? (bytes) => output.write(bytes) : file,
    ledgerKey: values.ledgerKey,
    secrets: !values.noSecrets,
    warn: output.note,
    signal,
  }).catch((error: unknown) => {
    const again = `${program.name} store backup ${shellWord(dir)} ${shellWord(file)}`;
    if (signal.aborted && error === signal.reason)
      throw new ClientError("interrupted", "Interrupted. No backup was made.", {
        hint: `To start over: ${again}`,
      });
    throw asOwner(error, () => again);
  });
  const { lines, head } = made.ledger;
  const secret = made.files.some(({ name }) => name === "secret");
  if (output.json) {
    const document = { store: made.dir, file: made.file ?? STDOUT, bytes: made.bytes };
    await output.document({ ...document, made: made.at, lines, head, secret } satisfies BackupDocument);
    return 0;
  }
  const text = [
    `Backed up ${made.dir} as it was at ${made.at}.`,
    `  file     ${made.file ?? "stdout"}, ${counted(made.bytes, "byte")}`,
    `  head     line ${lines}: ${head}`,
  ].join("\n");
  if (file === STDOUT) output.note(text);
  else await output.line(text);
  output.note(
    secret
      ? "It holds password hashes and the secret that signs logins: keep it where nobody else can read it."
      : "It holds password hashes: keep it where nobody else can read it. After a restore everybody has to log in again.",
  );
  if (values.ledgerKey !== undefined) output.note("It does not hold the ledger's key. Keep that elsewhere.");
  return 0;
}
