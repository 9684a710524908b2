import { foldName } from "./fold-name.ts";
import type { Limit } from "./ports.ts";

/** A password that is about to be compared: for which name, and from where. */
export interface Guess {
  /** As it was typed; the account need not exist. */
  name: string;
  /** Of the client; "" if there is none. */
  address: string;
  /** Whether the account has logged in from there before. */
  known: boolean;
}

/** A guess that was counted. */
export interface CountedGuess {
  /** It was not judged: the server failed, or the client left. */
  giveBack(): Promise<void>;
  /** The password was right. */
  succeed(): Promise<void>;
}

interface Needs {
  /** Failures of one name from one address. */
  login: Limit;
  /** Failures of one address. */
  address: Limit;
  /** Failures of one name from addresses where it is not known. */
  strangers: Limit;
  /** Whether limits by address hold for it. */
  isLimited: (address: string) => boolean;
}

/**
 * Counts wrong passwords (docs/http-api.md#log-in). A guess is counted before it is judged, so that a parallel burst gets no
 * more guesses than a slow one. Rejects with `rate_limited` if a limit is reached; then nothing was counted.
 */
export function createLoginLimits({ login, address: perAddress, strangers, isLimited }: Needs) {
  return async function count({ name, address, known }: Guess): Promise<CountedGuess> {
    const both = JSON.stringify([foldName(name), address]);
    const taken: (() => Promise<void>)[] = [];
    // What is not given back runs out by itself; it must not fail a login that succeeded.
    const giveBack = async () => void (await Promise.allSettled(taken.splice(0).map((back) => back())));
    try {
      taken.push(await login.take(both));
      if (isLimited(address)) taken.push(await perAddress.take(address));
      if (!known) taken.push(await strangers.take(foldName(name)));
    } catch (error) {
      await giveBack();
      throw error;
    }
    return {
      giveBack,
      async succeed() {
        await giveBack();
        await login.clear(both).catch(() => {});
      },
    };
  };
}

export type CountGuess = ReturnType<typeof createLoginLimits>;
