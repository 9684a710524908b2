import { statSync } from "node:fs";
import { isSameUser } from "../account-name.ts";
import { createKeptFile, type Kept } from "./kept-file.ts";
import type { KeptOffer } from "../http/offer.ts";
import { record } from "../../text/loose-json.ts";
import { isExpiry } from "../http/token.ts";

/** What is kept of one server. */
export interface Entry {
  token: string;
  username: string;
  /** The account's names before an operator renamed it. Later logins of the same name keep them. */
  formerly?: string[];
  /** The scheme of the token, once it is known. */
  scheme?: string;
  /** When the server gave the token, in milliseconds since the epoch, until it has accepted it. */
  given?: number;
  /** Where the server has the balance, if not at the documented path; "" if it has none. Later logins keep it. */
  balance?: string;
  /** When the token expires, in milliseconds since the epoch, if it says so. */
  expires?: number;
  /** What the server offered at `offer.at`. */
  offer?: KeptOffer;
}

/**
 * This user's tokens, one a server (`credentials.json`, 0600). Reading never throws: a file that is broken gives
 * nothing and `problem` says so; writing resolves to whether it was kept. A broken file is never overwritten.
 */
export interface Credentials {
  readonly path: string | undefined;
  /** Which file has a problem and how to repair it, as of the last read or write. */
  readonly problem: string | undefined;
  /** The mode of the file, such as `0644`, if other users may look into it; undefined if not, and on Windows. */
  readonly openMode: string | undefined;
  /** Whether a token could be kept now. Never rejects. */
  isWritable(): Promise<Kept>;
  /** By the name that `normalizeServer` gives, or `local`. */
  get(server: string): Entry | undefined;
  set(server: string, entry: Entry): Promise<Kept>;
  /** Changes part of an entry; does nothing, and resolves to `kept`, if there is none, or another token than `token`. */
  update(server: string, patch: Partial<Entry>, token?: string): Promise<Kept>;
  /** With `token` only if that token is still the kept one: a later login stays. */
  remove(server: string, token?: string): Promise<Kept>;
  /** Sorted by server. */
  list(): { server: string; entry: Entry }[];
}

const offerOf = (value: unknown): KeptOffer | undefined => {
  const offer = record(value);
  if (typeof offer?.at !== "number" || !Array.isArray(offer.extensions)) return undefined;
  return {
    at: offer.at,
    extensions: offer.extensions.filter((name) => typeof name === "string"),
    price: typeof offer.price === "number" ? offer.price : null,
    model: typeof offer.model === "string" ? offer.model : null,
    ...(offer.limits === undefined ? {} : { limits: offer.limits }),
    ...(Array.isArray(offer.models) ? { models: offer.models as unknown[] } : {}),
  };
};

/** `undefined` for an invalid entry: people may have edited the file. */
function entryOf(value: unknown): Entry | undefined {
  const entry = record(value);
  if (typeof entry?.token !== "string" || entry.token === "") return undefined;
  return {
    token: entry.token,
    username: typeof entry.username === "string" ? entry.username : "",
    ...(Array.isArray(entry.formerly) && {
      formerly: entry.formerly.filter((name) => typeof name === "string"),
    }),
    ...(typeof entry.scheme === "string" ? { scheme: entry.scheme } : {}),
    ...(isExpiry(entry.expires) ? { expires: entry.expires } : {}),
    ...(isExpiry(entry.given) ? { given: entry.given } : {}),
    ...(typeof entry.balance === "string" ? { balance: entry.balance } : {}),
    ...(entry.offer === undefined ? {} : { offer: offerOf(entry.offer) }),
  };
}

/** The tokens in `dir`; `undefined` (no home folder) keeps nothing and says so. Opened when first needed. */
export function openCredentials({ dir }: { dir: string | undefined }): Credentials {
  const file = createKeptFile({ dir, name: "credentials" });
  const entries = () => new Map(Object.entries(file.read()));
  return {
    path: file.path,
    get problem() {
      return file.problem;
    },
    get openMode() {
      return file.path === undefined ? undefined : openModeOf(file.path);
    },
    isWritable: () => file.isWritable(),
    get: (server) => entryOf(entries().get(server)),
    set: (server, entry) =>
      file.change((content) => {
        const { balance, username, formerly } = entryOf(content[server]) ?? {};
        content[server] = {
          ...(balance !== undefined && { balance }),
          ...(formerly && isSameUser(entry.username, username ?? "") && { formerly }),
          ...entry,
        };
      }),
    update: (server, patch, token) =>
      file.change((content) => {
        const entry = record(content[server]);
        if (entry && (token === undefined || entry.token === token)) content[server] = { ...entry, ...patch };
      }),
    remove: (server, token) =>
      file.change((content) => {
        if (token === undefined || entryOf(content[server])?.token === token) delete content[server];
      }),
    list: () =>
      [...entries()]
        .map(([server, value]) => ({ server, entry: entryOf(value) }))
        .filter((found): found is { server: string; entry: Entry } => found.entry !== undefined)
        .sort((a, b) => (a.server < b.server ? -1 : 1)),
  };
}

function openModeOf(path: string): string | undefined {
  if (process.platform === "win32") return undefined;
  try {
    const { mode } = statSync(path);
    return (mode & 0o077) === 0 ? undefined : (mode & 0o777).toString(8).padStart(4, "0");
  } catch {
    return undefined;
  }
}
