import { randomBytes } from "node:crypto";
import { SECRET_BYTES } from "../../../protocol/limits.ts";
import { StartupError } from "../../core/startup-error.ts";
import type { Database } from "./database.ts";
import { readSetting } from "./settings.ts";

/** The bytes that sign tokens. The first server makes them, for all servers. */
export async function readSecret(database: Pick<Database, "run">): Promise<Buffer> {
  const kept = await readSetting(database, "signing_secret", () => randomBytes(48).toString("base64"));
  const secret = Buffer.from(kept, "base64");
  if (secret.length >= SECRET_BYTES) return secret;
  throw new StartupError(
    `The signing secret in the database is shorter than ${SECRET_BYTES} bytes.`,
    "Restore it from a backup. Or delete the row signing_secret of chat_settings: the next start makes a new one, and everybody has to log in again.",
  );
}
