import { followPair, type Follower } from "./follow.ts";
import { expiryWarning, readPair, trustedHost, validUntil, type Pair, type PairFiles } from "./pair.ts";

/** The server's certificate at the start. */
export interface Certificate {
  pair: Pair;
  /** The host under which clients reach the server and trust the certificate. */
  host: string;
  /** Calls `take` with the pair of its files whenever they change, and tells the operator. */
  follow(take: (pair: Pair) => void): Follower;
}

interface Options {
  /** What the server listens on. */
  host: string;
  warn: (sentence: string) => void;
  note?: ((sentence: string) => void) | undefined;
}

/** Reads the files of a certificate. Rejects with BadSettings. */
export async function openCertificate(files: PairFiles, { host, warn, note }: Options): Promise<Certificate> {
  const warnOfDates = (pair: Pair) => {
    const warning = expiryWarning(pair, Date.now());
    if (warning !== undefined) warn(warning);
  };
  const pair = await readPair(files);
  warnOfDates(pair);
  return {
    pair,
    host: trustedHost(pair, host),
    follow: (take) =>
      followPair({
        files,
        pair,
        warn,
        take(pair) {
          take(pair);
          note?.(`The certificate was read again. It is valid until ${validUntil(pair)}.`);
          warnOfDates(pair);
        },
      }),
  };
}
