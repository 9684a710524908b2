import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { link } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../../../disk/errors.ts";
import { FILE_MODE, syncFolder, writeFully, type Files } from "./files.ts";

/** What the name of an unfinished file begins with. */
const UNFINISHED = ".ai-chat-unfinished-";

/** The unfinished files in a folder; those who made them were killed, or are still writing. */
export async function unfinishedIn(files: Files, dir: string): Promise<string[]> {
  const names = await files.list(dir);
  return names.filter((name) => name.startsWith(UNFINISHED)).map((name) => join(dir, name));
}

/**
 * Makes a file of these pieces, durably and with mode 0600; a process that is killed leaves none under this name. Resolves
 * to its bytes. Rejects with the code `EEXIST` if there is one, and leaves nothing then.
 */
export async function makeNewFile(
  files: Files,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<number> {
  const dir = dirname(path);
  const temporary = join(
    dir,
    `${UNFINISHED}${basename(path).slice(0, 80)}-${randomBytes(6).toString("hex")}`,
  );
  // Also after a second signal, which ends the process at once.
  const removeNow = () => rmSync(temporary, { force: true });
  process.once("exit", removeNow);
  try {
    const file = await files.open(temporary, "wx", FILE_MODE);
    let length = 0;
    try {
      for await (const bytes of pieces) {
        await writeFully(file, bytes, length);
        length += bytes.length;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await name(files, temporary, path);
    await syncFolder(files, dir).catch(async (error: unknown) => {
      await files.remove(path);
      throw error;
    });
    return length;
  } finally {
    await files.remove(temporary).catch(() => {});
    process.off("exit", removeNow);
  }
}

/** Codes of file systems without links. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** link(2) never replaces a file, which rename(2) does. */
async function name(files: Files, temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!NO_LINKS.has(errorCode(error) ?? "")) throw error;
    const there = await (async () => files.stat(path))().catch(() => undefined);
    if (there) throw Object.assign(new Error(`${path} exists`), { code: "EEXIST" });
    await files.rename(temporary, path);
  }
}
