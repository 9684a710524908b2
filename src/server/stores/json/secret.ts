import { join } from "node:path";
import { SECRET_BYTES } from "../../../protocol/limits.ts";
import { newSecret, secretsIn } from "../../core/signing-secrets.ts";
import { StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import { readWhole, replaceFile, type Files } from "./files.ts";

/** Name of the file that holds what signs tokens. */
export const SECRET = "secret";

/**
 * Reads the folder's signing secret, or makes one, durably. The caller holds the folder's lock. Throws `StartupError` if
 * it cannot be read or is too short: a new one would make every token invalid, so none is made then.
 */
export async function openSecret(files: Files, dir: string): Promise<Buffer> {
  const path = join(dir, SECRET);
  try {
    const kept = await readWhole(files, path);
    if (kept === undefined) return await makeSecret(files, dir);
    if (secretsIn(kept)) return kept;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const code = errorCode(error) ?? "unknown error";
    throw new StartupError(`Cannot read or make the signing secret ${path} (${code}).`, OWN, error);
  }
  throw brokenSecret(path);
}

/** The secret as it is now; undefined if there is none. */
export const readSecret = (files: Files, dir: string): Promise<Buffer | undefined> =>
  readWhole(files, join(dir, SECRET));

export const brokenSecret = (path: string): StartupError =>
  new StartupError(`The signing secret ${path} is broken, or shorter than ${SECRET_BYTES} bytes.`, MEND);

const OWN = "The user that runs the server must own it: chown, and chmod 600.";
const MEND =
  "Restore it from a backup. Or remove it: the next start makes a new one, and everybody has to log in again.";

async function makeSecret(files: Files, dir: string): Promise<Buffer> {
  const secret = newSecret();
  await replaceFile(files, dir, SECRET, secret);
  return secret;
}
