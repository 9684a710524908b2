import { resolve } from "node:path";
import { ApiError } from "../core/api-error.ts";
import { withNewSecret, secretsIn } from "../core/signing-secrets.ts";
import { StartupError } from "../core/startup-error.ts";
import { errorCode } from "../../disk/errors.ts";
import { disk } from "./json/disk.ts";
import { replaceFile } from "./json/files.ts";
import { checkOwner } from "./json/other-owner.ts";
import { brokenSecret, readSecret, SECRET } from "./json/secret.ts";

interface Options {
  /** A data folder, or `postgres://…`. */
  store: string;
  /** Whether every login ends. */
  end: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  signal?: AbortSignal;
}

/**
 * Makes a new secret that signs tokens, for the servers of a store, which may be running. Resolves to the store's
 * description; undefined if it has no secret. Throws `StartupError`.
 */
export function rotateSecret(options: Options): Promise<string | undefined> {
  return /^postgres(ql)?:/i.test(options.store) ? rotateInPostgres(options) : rotateInFolder(options);
}

/** The file is replaced without the folder's lock, which a running server has. */
async function rotateInFolder({ store, ...change }: Options): Promise<string | undefined> {
  const dir = resolve(store);
  await checkOwner(disk, dir);
  try {
    const stored = await readSecret(disk, dir);
    if (!stored) return undefined;
    const secrets = secretsIn(stored);
    if (!secrets) throw brokenSecret(`${dir}/${SECRET}`);
    await replaceFile(disk, dir, SECRET, withNewSecret(secrets, change));
    return dir;
  } catch (error) {
    if (error instanceof StartupError) throw error;
    const code = errorCode(error) ?? "unknown error";
    const hint = "Check its owner and mode, and the free space of its disk.";
    throw new StartupError(`The signing secret in ${dir} cannot be replaced (${code}).`, hint, error);
  }
}

async function rotateInPostgres({ store, signal, ...change }: Options): Promise<string | undefined> {
  const { openForCopy } = await import("./copy/from-postgres.ts");
  const { codeOf } = await import("./postgres/failures.ts");
  const { replaceSecret, storedSecret } = await import("./postgres/secret.ts");
  // Its warnings are those of a server.
  const { database, description } = await openForCopy(store, { now: change.now, warn: () => {}, signal });
  try {
    for (;;) {
      const stored = await storedSecret(database);
      if (!stored) return undefined;
      const secrets = secretsIn(stored);
      if (!secrets) throw brokenSecret("in the database");
      if (await replaceSecret(database, stored, withNewSecret(secrets, change))) return description;
      signal?.throwIfAborted();
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new StartupError(
      `The signing secret in the database cannot be replaced (${codeOf(error.cause)}).`,
      "Check that the database runs, and that its user may change the table: GRANT UPDATE ON chat_settings TO NAME;",
      error,
    );
  } finally {
    await database.close();
  }
}
