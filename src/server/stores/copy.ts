import { StartupError } from "../core/startup-error.ts";
import type { Copied, Opening, Source, Target } from "./copy/side.ts";

interface Options extends Partial<Opening> {
  /** A data folder, or `postgres://…`. */
  from: string;
  to: string;
  warn: Opening["warn"];
}

/**
 * Copies a store (accounts, ledger, keys of the last day, logged-out tokens, invitations, refills, known addresses, signing
 * secret) into an empty one. Both sides
 * are added up before the copy is committed. If it fails or is interrupted, the target is unchanged. No server may run on
 * either store. Throws `StartupError`, or the signal's reason.
 */
export async function copyStore({
  from,
  to,
  now = Date.now(),
  warn,
  signal,
  ledgerKey,
}: Options): Promise<Copied & { from: string; to: string }> {
  const opening = { now, warn, signal, ledgerKey };
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
    `The copy failed (${typeof code === "string" ? code : "unknown error"}).`,
    "The target is unchanged. Correct the cause, then copy again.",
    error,
  );
}
