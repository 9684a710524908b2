import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { shellWord } from "../../../text/shell-word.ts";
import { OtherOwner } from "../../core/startup-error.ts";
import { CHECKPOINT, LEDGER } from "./damage.ts";
import { errorCode } from "../../../disk/errors.ts";
import { type Files } from "./files.ts";
import { inside, me } from "./owner.ts";
import { SECRET } from "./secret.ts";

/**
 * Throws `OtherOwner` if a file of the store belongs to another user, or if the folder does and this user may not enter
 * it. Root may use every store. A folder of another user is allowed if the files in it are this user's.
 */
export async function checkOwner(files: Files, dir: string): Promise<void> {
  const user = me();
  if (user === undefined || user === 0) return;
  for (const name of [LEDGER, CHECKPOINT, SECRET]) {
    try {
      const { uid } = await files.stat(join(dir, name));
      if (uid !== user) throw await fileOfOther(files, dir, name, { user, uid });
    } catch (error) {
      if (error instanceof OtherOwner) throw error;
      const denied = await deniedByOwner(dir, error);
      if (denied) throw denied;
    }
  }
}

/** The error for a denied file call, if the reason is that the folder belongs to another user. */
export async function deniedByOwner(dir: string, error: unknown): Promise<OtherOwner | undefined> {
  const user = me();
  if (user === undefined || user === 0 || !["EACCES", "EPERM"].includes(errorCode(error) ?? ""))
    return undefined;
  const folder = await stat(dir).catch(() => undefined);
  if (!folder || folder.uid === user) return undefined;
  return placeOfOther({ what: "folder", dir, uid: folder.uid }, user, error);
}

/** The error for a lock to which this user may not connect; undefined if the lock is this user's own. */
export async function lockOfOther(path: string, uid: number): Promise<OtherOwner | undefined> {
  if (uid === me()) return undefined;
  return new OtherOwner(
    `The lock ${path} belongs to ${(await userOf(uid)).shown}. This user cannot see whether a server holds it.`,
    `If no server runs on the folder, remove the lock: sudo rm ${shellWord(path)}`,
  );
}

async function fileOfOther(
  files: Files,
  dir: string,
  name: string,
  { user, uid }: { user: number; uid: number },
): Promise<OtherOwner> {
  const [folder, path] = [await files.stat(inside(dir)), join(dir, name)];
  if (folder.uid !== user) return placeOfOther({ what: "store in", dir, uid }, user);
  return new OtherOwner(
    `${path} belongs to ${(await userOf(uid)).shown}, and its folder to this user.`,
    `Change its owner: sudo chown ${(await userOf(user)).name} ${shellWord(path)}`,
  );
}

async function placeOfOther(
  place: { what: "store in" | "folder"; dir: string; uid: number },
  user: number,
  cause?: unknown,
): Promise<OtherOwner> {
  const { what, dir, uid } = place;
  const [{ shown, sudo }, { name }] = [await userOf(uid), await userOf(user)];
  const instead =
    what === "folder"
      ? "name a folder of this user with --data DIR."
      : `change its owner: sudo chown -R ${name} ${shellWord(dir)}`;
  return new OtherOwner(
    `The ${what} ${dir} belongs to ${shown}.`,
    `Use it as that user, with sudo -u ${sudo}, or ${instead}`,
    { use: { user: sudo, dir }, cause },
  );
}

/** A user's name from /etc/passwd, or else the number: for a sentence, for chown, and for `sudo -u`. */
async function userOf(uid: number): Promise<{ shown: string; name: string; sudo: string }> {
  const users = await readFile("/etc/passwd", "utf8").catch(() => "");
  const line = users.split("\n").find((line) => line.split(":")[2] === String(uid));
  const name = line?.split(":")[0] ?? "";
  if (/^\w[\w.-]*\$?$/.test(name)) return { shown: name, name: shellWord(name), sudo: shellWord(name) };
  return { shown: `user ${uid}`, name: String(uid), sudo: `'#${uid}'` };
}
