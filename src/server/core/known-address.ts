import { sha256 } from "./sha256.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Milliseconds that an address is known after a login. */
export const KNOWN_MS = 90 * DAY_MS;

/** Most known addresses of an account. The ones that were not used for the longest time are dropped. */
export const MOST_KNOWN = 20;

/** Milliseconds for which the time of a login is not written again. */
export const KNOWN_AGAIN_MS = DAY_MS;

/** What a store keeps of an address: other accounts at the same one have another digest. */
export const knownDigest = (account: string, address: string): string => sha256(`${account} ${address}`);
