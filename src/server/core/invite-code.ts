import { randomBytes } from "node:crypto";
import { sha256 } from "./sha256.ts";

/** Most invitations of one request or response of an operator: such a page has less than 16 KiB. */
export const INVITES_PAGE = 50;

/** Crockford's Base32: digits and letters without I, L, O and U. */
const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 75 bits. */
const LENGTH = 15;
const GROUP = 5;

/** A new code, such as `7K3M9-QXA4T-BWC2D`. */
export function newCode(): string {
  // 256 is a multiple of 32: each letter is as likely as any other.
  const letters = Array.from(randomBytes(LENGTH), (byte) => LETTERS[byte % LETTERS.length]);
  return letters.join("").replaceAll(new RegExp(`.{${GROUP}}(?=.)`, "g"), "$&-");
}

/** A code as it is compared: case, spaces and dashes don't matter, nor whether I, L and O are letters or digits. */
const read = (typed: string): string =>
  typed
    .toUpperCase()
    .replaceAll(/[\s\p{Dash}]/gu, "")
    .replaceAll("O", "0")
    .replaceAll(/[IL]/g, "1");

/** What a store keeps of a code: SHA-256 in hex. */
export const digestOfCode = (typed: string): string => sha256(read(typed));

/** The ID of the invitation whose code has this digest. */
export const idOfDigest = (digest: string): string => digest.slice(0, 10);
