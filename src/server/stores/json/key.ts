import { constants } from "node:fs";
import { createHmac, createSecretKey, timingSafeEqual, type KeyObject } from "node:crypto";
import { errorCode } from "../../../disk/errors.ts";
import { isInside } from "../../../disk/is-inside.ts";
import { openRegular } from "../../../disk/regular-file.ts";
import { BadSettings } from "../../core/startup-error.ts";

/** Bytes that a key has at least. */
const KEY_BYTES = 32;

/** Of users other than the owner. */
const OTHERS = 0o077;

/** The key of a ledger (docs/ledger.md#key). A worker thread can get it. */
export interface LedgerKey {
  secret: KeyObject;
  /** Tells it from other keys, and nothing else of it. */
  id: string;
}

/** The HMAC-SHA-256 of these parts after one another, in hex. */
export function macOf({ secret }: Pick<LedgerKey, "secret">, ...parts: (string | Uint8Array)[]): string {
  const mac = createHmac("sha256", secret);
  for (const part of parts) mac.update(part);
  return mac.digest("hex");
}

/** Whether it is the HMAC of these parts. Takes the same time for each other text. */
export function isMac(key: LedgerKey, given: unknown, ...parts: (string | Uint8Array)[]): boolean {
  const ours = Buffer.from(macOf(key, ...parts));
  const theirs = Buffer.from(typeof given === "string" ? given : "");
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

/** A folder was opened without its key, or with another one. */
export class KeyError extends BadSettings {}

export const keyNeeded = (): KeyError =>
  new KeyError(
    "The ledger of this folder has a key, and none was named.",
    "Name the file of the key: --ledger-key FILE, or AI_CHAT_LEDGER_KEY.",
  );

export const wrongKey = (): KeyError =>
  new KeyError(
    "The ledger of this folder has another key than the one that was named.",
    "Name the file with which its server runs: --ledger-key FILE, or AI_CHAT_LEDGER_KEY.",
  );

/** A key was named, and the ledger has none. */
export const keyTaken = (): KeyError =>
  new KeyError(
    "The ledger of this folder has no key, although one was named.",
    "If it had one before, somebody has removed it: restore a backup. If not, a start of the server with the key gives it the key.",
  );

/** The key, if it has this id. Throws `KeyError`. */
export function keyWithId(key: LedgerKey | undefined, id: unknown): LedgerKey {
  if (!key) throw keyNeeded();
  if (key.id !== id) throw wrongKey();
  return key;
}

/** A key of these bytes. */
export function keyOf(bytes: Uint8Array): LedgerKey {
  const secret = createSecretKey(bytes);
  return { secret, id: macOf({ secret }, "ai-chat ledger key").slice(0, 16) };
}

/** Reads the key file of a data folder. Throws `BadSettings` if others can read it, or if it is no key. */
export async function openLedgerKey(path: string, dir: string): Promise<LedgerKey> {
  const refused = (why: string, hint: string, cause?: unknown) =>
    new BadSettings(`The key file ${path} ${why}.`, hint, cause);
  try {
    const file = await openRegular(path, constants.O_RDONLY);
    try {
      const { mode } = await file.stat();
      if (process.platform !== "win32" && (mode & OTHERS) !== 0)
        throw refused("can be read by other users", `Its owner can change that: chmod 600 ${path}`);
      const bytes = await file.readFile();
      if (bytes.length < KEY_BYTES)
        throw refused(
          `has fewer than ${KEY_BYTES} bytes`,
          "Make one: (umask 077 && head -c 48 /dev/urandom > FILE)",
        );
      if (await isInside(path, dir))
        throw refused(
          "is in the data folder",
          "Keep it elsewhere: whoever has the folder must not have the key.",
        );
      return keyOf(bytes);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof BadSettings) throw error;
    throw refused(
      `cannot be read (${errorCode(error) ?? "unknown error"})`,
      "Check its path, its owner and its mode.",
      error,
    );
  }
}
