import { StartupError } from "../core/startup-error.ts";
import type { Copied, Opening, Source, Target } from "./copy/side.ts";

interface Options extends Partial<Opening> {
  /** A data folder, or `postgres://…`. */
  from: string;
  to: string;
  warn: Opening["warn"];
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
  const opening = { now, warn, signal };
  const target = await openTarget(to, opening);
  try {
    const source = await openSource(from, opening);
    try {
      const copied = await target.take(source);
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

const isUrl = (place: string) => /^postgres(ql)?:/.test(place);

async function openSource(place: string, opening: Opening): Promise<Source> {
  if (isUrl(place)) return (await import("./copy/from-postgres.ts")).openPostgresSource(place, opening);
  return (await import("./copy/from-json.ts")).openJsonSource(place, opening);
}

async function openTarget(place: string, opening: Opening): Promise<Target> {
  if (isUrl(place)) return (await import("./copy/to-postgres.ts")).openPostgresTarget(place, opening);
  return (await import("./copy/to-json.ts")).openJsonTarget(place, opening);
}

function failed(error: unknown): StartupError {
  const { code } = error as { code?: unknown };
  return new StartupError(
    `The copy was given up (${typeof code === "string" ? code : "unknown error"}).`,
    "Nothing was kept of it; try again once the reason is gone.",
    error,
  );
}
