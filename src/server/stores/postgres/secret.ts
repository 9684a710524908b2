import { randomBytes } from "node:crypto";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";

/** Waits for a copy into the database, which locks the row and brings a secret of its own. */
const MAKE = `
INSERT INTO chat_settings (name, value)
SELECT 'signing_secret', $1 FROM chat_schema WHERE one = 1 FOR SHARE
ON CONFLICT (name) DO NOTHING`;
const READ = "SELECT value FROM chat_settings WHERE name = 'signing_secret'";

/** Fewest bytes that a secret may have. */
const SECRET_BYTES = 32;

/** The bytes that sign tokens: those of whichever server came first, for all of them. */
export async function readSecret({ run }: Pick<Database, "run">): Promise<Buffer> {
  const read = async () => (await run<{ value: string }>(READ)).rows[0]?.value;
  let kept = await read();
  if (kept === undefined) {
    await run(MAKE, [randomBytes(48).toString("base64")]);
    kept = await read();
  }
  const secret = Buffer.from(kept ?? "", "base64");
  if (secret.length >= SECRET_BYTES) return secret;
  throw new StartupError(
    `The signing secret in the database is shorter than ${SECRET_BYTES} bytes.`,
    "Restore it from a backup; or delete the row signing_secret of chat_settings, and a new one is made at the next start: everybody has to log in again.",
  );
}
