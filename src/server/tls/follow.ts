import { isDeepStrictEqual } from "node:util";
import { StartupError } from "../core/startup-error.ts";
import { repeat } from "../every.ts";
import { checkPair, readFiles, type Pair, type PairFiles } from "./pair.ts";

/** Milliseconds between two looks at the files. */
const EVERY = 2_000;

interface Options {
  files: PairFiles;
  /** What the files had at the start. */
  pair: Pair;
  /** Called with each new pair that fits together. */
  take: (pair: Pair) => void;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  every?: number;
}

/** Looks at the files of a pair again and again. */
export interface Follower {
  /** Goes on with other files, which have this pair. Throws a StartupError unless it fits together. */
  turnTo(files: PairFiles, pair: Pair): void;
  close(): Promise<void>;
}

const reasonOf = (error: unknown) =>
  error instanceof StartupError ? error.message : "The certificate cannot be read.";

/**
 * Takes a pair anew within seconds when its files change. It reads them, because a watched path that is a symbolic link,
 * as certbot and Kubernetes make them, does not change with the file that it leads to. A fault is told once it is found
 * twice, because the two files are replaced one after the other; the previous pair stays in use.
 */
export function followPair({ files, pair, take, warn, every = EVERY }: Options): Follower {
  let inUse = pair;
  let found: string | undefined;
  let told: string | undefined;

  function fail(reason: string): void {
    if (reason === found && reason !== told) {
      told = reason;
      warn(`${reason} The previous certificate stays in use.`);
    }
    found = reason;
  }

  function turnTo(to: PairFiles, pair: Pair): void {
    if (!isDeepStrictEqual(pair, inUse)) {
      checkPair(to, pair);
      inUse = pair;
      take(pair);
    }
    files = to;
    found = undefined;
    told = undefined;
  }

  async function look(): Promise<void> {
    const from = files;
    try {
      const pair = await readFiles(from);
      if (from === files) turnTo(from, pair);
    } catch (error) {
      if (from === files) fail(reasonOf(error));
    }
  }

  const looking = repeat(look, every);
  return { turnTo, close: () => looking.close() };
}
