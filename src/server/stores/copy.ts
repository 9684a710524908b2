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
}

/**
 * Moves everything that a store keeps (accounts, ledger, keys of the last day, logged-out tokens, the signing secret)
 * into an empty one, so that its users notice nothing. Both sides are added up before the copy counts; one that
 * fails or is interrupted leaves the target as it was. No server may run on either. Throws `StartupError`.
 */
export async function copyStore({
  from,
  to,
  now = Date.now(),
  warn,
}: Options): Promise<Copied & { from: string; to: string }> {
  const target = await openTarget(to, now, warn);
  try {
    const source = await openSource(from, now, warn);
    try {
      const copied = await target.take(source);
      return { ...copied, from: source.description, to: target.description };
    } finally {
      await source.close();
    }
  } catch (error) {
    throw error instanceof StartupError ? error : failed(error);
  } finally {
    await target.close();
  }
}

const isUrl = (place: string) => /^postgres(ql)?:/.test(place);

async function openSource(place: string, now: number, warn: (sentence: string) => void): Promise<Source> {
  if (isUrl(place)) return (await import("./copy/from-postgres.ts")).openPostgresSource(place, warn);
  return (await import("./copy/from-json.ts")).openJsonSource(place, now, warn);
}

async function openTarget(place: string, now: number, warn: (sentence: string) => void): Promise<Target> {
  if (isUrl(place)) return (await import("./copy/to-postgres.ts")).openPostgresTarget(place, now, warn);
  return (await import("./copy/to-json.ts")).openJsonTarget(place, now);
}

function failed(error: unknown): StartupError {
  const { code } = error as { code?: unknown };
  return new StartupError(
    `The copy was given up (${typeof code === "string" ? code : "unknown error"}).`,
    "Nothing was kept of it; try again once the reason is gone.",
    error,
  );
}
