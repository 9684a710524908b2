import { StartupError } from "../core/startup-error.ts";
import type { Copied, Source, Target } from "./copy/side.ts";

interface Options {
  /** A data folder, or `postgres://…`. */
  from: string;
  to: string;
  /** ms since the epoch: what is older than a day or 90 days by it. */
  now?: number;
  /** Gets sentences for the operator. */
  warn: (sentence: string) => void;
  /** Gives the copy up. */
  signal?: AbortSignal | undefined;
}

/**
 * Moves everything that a store keeps (accounts, ledger, keys of the last day, logged-out tokens, the signing secret)
 * into an empty one, so that its users notice nothing. Both sides are added up before the copy counts; one that
 * fails or is interrupted leaves the target as it was. No server may run on either. Throws `StartupError`, or the
 * signal's reason, when nothing is kept of it any more.
 */
export async function copyStore({
  from,
  to,
  now = Date.now(),
  warn,
  signal,
}: Options): Promise<Copied & { from: string; to: string }> {
  const target = await openTarget(to, now, warn);
  try {
    const source = await openSource(from, now, warn);
    try {
      const entries = () => until(source.entries(), signal);
      const copied = await target.take(signal ? { ...source, entries } : source);
      return { ...copied, from: source.description, to: target.description };
    } finally {
      await source.close();
    }
  } catch (error) {
    throw error instanceof StartupError || (signal?.aborted && error === signal.reason)
      ? error
      : failed(error);
  } finally {
    await target.close();
  }
}

/** The same pieces, as long as nobody gives up; a piece that is on its way is not waited for then. */
async function* until<T>(pieces: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = pieces[Symbol.asyncIterator]();
  const given = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  given.catch(() => {});
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await Promise.race([iterator.next(), given]);
      if (done) return;
      yield value;
    }
  } finally {
    const ended = iterator.return?.();
    if (signal?.aborted) ended?.catch(() => {});
    else await ended;
  }
}

const isUrl = (place: string) => /^postgres(ql)?:/.test(place);

async function openSource(place: string, now: number, warn: (sentence: string) => void): Promise<Source> {
  if (isUrl(place)) return (await import("./copy/from-postgres.ts")).openPostgresSource(place, warn);
  return (await import("./copy/from-json.ts")).openJsonSource(place, now, warn);
}

async function openTarget(place: string, now: number, warn: (sentence: string) => void): Promise<Target> {
  if (isUrl(place)) return (await import("./copy/to-postgres.ts")).openPostgresTarget(place, now, warn);
  return (await import("./copy/to-json.ts")).openJsonTarget(place, now, warn);
}

function failed(error: unknown): StartupError {
  const { code } = error as { code?: unknown };
  return new StartupError(
    `The copy was given up (${typeof code === "string" ? code : "unknown error"}).`,
    "Nothing was kept of it; try again once the reason is gone.",
    error,
  );
}
