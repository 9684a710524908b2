import { SECRET_BYTES } from "../../../protocol/limits.ts";
import { newSecret, secretsIn } from "../../core/signing-secrets.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";
import { READ_SETTING } from "./ledger-id.ts";
import { readSetting } from "./settings.ts";

const NAME = "signing_secret";

/** Nothing if another command was faster. */
const REPLACE = "UPDATE chat_settings SET value = $2 WHERE name = $1 AND value = $3";

/** What signs tokens. The first server makes it, for all servers. */
export async function readSecret(database: Pick<Database, "run">): Promise<Buffer> {
  const kept = await readSetting(database, NAME, () => newSecret().toString("base64"));
  const secret = Buffer.from(kept, "base64");
  if (secretsIn(secret)) return secret;
  throw new StartupError(
    `The signing secret in the database is broken, or shorter than ${SECRET_BYTES} bytes.`,
    "Restore it from a backup. Or delete the row signing_secret of chat_settings: the next start makes a new one, and everybody has to log in again.",
  );
}

/** What signs tokens now; undefined if no server was started yet. */
export async function storedSecret({ run }: Pick<Database, "run">): Promise<Buffer | undefined> {
  const [row] = (await run<{ value: string }>(READ_SETTING, [NAME])).rows;
  return row && Buffer.from(row.value, "base64");
}

/** Puts `to` in the place of `from`; false if something else is there by now. */
export async function replaceSecret(
  database: Pick<Database, "run">,
  from: Buffer,
  to: Buffer,
): Promise<boolean> {
  await database.run(REPLACE, [NAME, to.toString("base64"), from.toString("base64")]);
  return (await storedSecret(database))?.equals(to) ?? false;
}
