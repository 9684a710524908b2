import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import { ApiError } from "../../core/api-error.ts";
import { grantByName, type GrantReply, type GrantRequest } from "../../core/grant.ts";
import { StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import { disk } from "./disk.ts";
import { hasLedger } from "./has-ledger.ts";
import { askHolder, FolderInUse, lockHolder } from "./lock.ts";
import { operatorAnswer, type OperatorRequest } from "./operator.ts";
import { checkOwner } from "./other-owner.ts";
import { openJsonStore } from "./store.ts";

/** Milliseconds for retries after a lost response, or when another process took the folder first. */
const TIMEOUT = 10_000;
/** Milliseconds between two tries. */
const PAUSE = 50;

/**
 * Grants tokens in a data folder: through the server that runs on it, otherwise under its lock. `no_store`: the folder
 * has no ledger, and none is made. `no_answer`: a process holds the folder and does not answer, so the grant may have been
 * made; a retry with the same id is safe. Rejects with `ApiError("store_unavailable")`, or with `StartupError` if the
 * folder cannot be used.
 */
export async function giveInFolder(
  named: string,
  grant: GrantRequest,
  warn: (sentence: string) => void,
): Promise<GrantReply | { kind: "no_store" } | { kind: "no_answer" }> {
  const dir = resolve(named);
  const end = performance.now() + TIMEOUT;
  await checkOwner(disk, dir);
  // Two requests with the same id are one grant.
  for (;;) {
    const asked = await askHolder(dir, { grant } satisfies OperatorRequest).catch(unreadable(dir));
    if (asked.kind === "answer") return replyOf(asked.answer);
    if (asked.kind === "nobody") {
      if (!(await hasLedger(disk, dir).catch(unreadable(dir)))) return { kind: "no_store" };
      const given = await giveUnderLock(dir, grant, warn);
      if (given) return given;
    }
    if (performance.now() > end) return { kind: "no_answer" };
    await pause(PAUSE);
  }
}

/** Turns the error of a file call in the folder into a `StartupError`. */
const unreadable = (dir: string) => (error: unknown) => {
  if (error instanceof StartupError) throw error;
  throw new StartupError(
    `The folder ${dir} cannot be read (${errorCode(error) ?? "unknown error"}).`,
    "Check its owner and mode. Run grant as the user that runs the server.",
    error,
  );
};

/** Undefined if another process took the folder first. */
async function giveUnderLock(
  dir: string,
  grant: GrantRequest,
  warn: (sentence: string) => void,
): Promise<GrantReply | undefined> {
  const store = await openJsonStore({ dir, warn }).catch(async (error: unknown) => {
    // The process that was first may have left again by now.
    if (error instanceof FolderInUse || (await lockHolder(dir))) return undefined;
    throw error;
  });
  if (!store) return undefined;
  try {
    return await grantByName(store, grant);
  } finally {
    await store.close();
  }
}

function replyOf(answer: unknown): GrantReply {
  const read = operatorAnswer.safeParse(answer);
  if (!read.success) throw otherVersion("This version of ai-chat does not know its answer.");
  if ("grant" in read.data) return read.data.grant;
  const { code, detail } = read.data.error;
  if (code === "store_unavailable") throw new ApiError("store_unavailable", detail);
  throw otherVersion(detail);
}

const otherVersion = (detail: string) =>
  new StartupError(
    `The server that runs on the folder could not give the tokens. ${detail}`,
    "Stop that server, then try again; or use the ai-chat that it was started with.",
  );
