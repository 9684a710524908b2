import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import { ApiError } from "../../core/api-error.ts";
import type { GrantRequest } from "../../core/grant.ts";
import type { InvitesReply, InvitesRequest } from "../../core/invites.ts";
import { StartupError } from "../../core/startup-error.ts";
import { errorCode } from "../../../disk/errors.ts";
import { disk } from "./disk.ts";
import { hasLedger } from "./has-ledger.ts";
import { keyNeeded, openLedgerKey, wrongKey, type LedgerKey } from "./key.ts";
import { askHolder, FolderInUse, lockHolder } from "./lock.ts";
import {
  operate,
  operatorAnswer,
  signed,
  type OperatorFailure,
  type OperatorReply,
  type OperatorRequest,
} from "./operator.ts";
import { checkOwner } from "./other-owner.ts";
import { openJsonStore } from "./store.ts";

/** Milliseconds for retries after a lost response, or when another process took the folder first. */
const TIMEOUT = 10_000;
/** Milliseconds between two tries. */
const PAUSE = 50;

/**
 * Does what an operator asks in a data folder: through the server that runs on it, otherwise under its lock. `no_store`:
 * the folder has no ledger, and none is made. `no_answer`: a process holds the folder and does not answer, so it may have
 * been done; every request can be repeated. Rejects with `ApiError("store_unavailable")`, or with `StartupError` if the
 * folder cannot be used.
 */
export async function operateInFolder(
  named: string,
  request: OperatorRequest,
  warn: (sentence: string) => void,
  ledgerKey?: string,
): Promise<OperatorReply | { kind: "no_store" } | { kind: "no_answer" }> {
  const dir = resolve(named);
  const end = performance.now() + TIMEOUT;
  await checkOwner(disk, dir);
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  const asking = signed(request, key);
  // Two requests with the same content are one.
  for (;;) {
    const asked = await askHolder(dir, asking).catch(unreadable(dir));
    if (asked.kind === "answer") return replyOf(asked.answer, key);
    if (asked.kind === "nobody") {
      if (!(await hasLedger(disk, dir).catch(unreadable(dir)))) return { kind: "no_store" };
      const done = await operateUnderLock(dir, request, warn, ledgerKey);
      if (done) return done;
    }
    if (performance.now() > end) return { kind: "no_answer" };
    await pause(PAUSE);
  }
}

/** {@link operateInFolder} for a grant. */
export async function giveInFolder(
  dir: string,
  grant: GrantRequest,
  warn: (sentence: string) => void,
  ledgerKey?: string,
) {
  const reply = await operateInFolder(dir, { grant }, warn, ledgerKey);
  if ("kind" in reply) return reply;
  if ("grant" in reply) return reply.grant;
  throw otherVersion(UNKNOWN_ANSWER);
}

/** {@link operateInFolder} for invitations. */
export async function inviteInFolder(
  dir: string,
  invites: InvitesRequest,
  warn: (sentence: string) => void,
  ledgerKey?: string,
): Promise<InvitesReply | { kind: "no_store" } | { kind: "no_answer" }> {
  const reply = await operateInFolder(dir, { invites }, warn, ledgerKey);
  if ("kind" in reply) return reply;
  if ("invites" in reply) return reply.invites;
  throw otherVersion(UNKNOWN_ANSWER);
}

/** Turns the error of a file call in the folder into a `StartupError`. */
export const unreadable =
  (dir: string) =>
  (error: unknown): never => {
    if (error instanceof StartupError) throw error;
    throw new StartupError(
      `The folder ${dir} cannot be read (${errorCode(error) ?? "unknown error"}).`,
      "Check its owner and mode. Run this command as the user that runs the server.",
      error,
    );
  };

/** Undefined if another process took the folder first. */
async function operateUnderLock(
  dir: string,
  request: OperatorRequest,
  warn: (sentence: string) => void,
  ledgerKey: string | undefined,
): Promise<OperatorReply | undefined> {
  const store = await openJsonStore({ dir, warn, ledgerKey }).catch(async (error: unknown) => {
    // The process that was first may have left again by now.
    if (error instanceof FolderInUse || (await lockHolder(dir))) return undefined;
    throw error;
  });
  if (!store) return undefined;
  try {
    return await operate(store, request);
  } finally {
    await store.close();
  }
}

export const UNKNOWN_ANSWER = "This version of ai-chat does not know its answer.";

function replyOf(answer: unknown, key: LedgerKey | undefined): OperatorReply {
  const read = operatorAnswer.safeParse(answer);
  if (!read.success) throw otherVersion(UNKNOWN_ANSWER);
  if (!("error" in read.data)) return read.data;
  throw refusalOf(read.data.error, key);
}

/** What the process that holds the folder says about its failure, as an error. */
export function refusalOf({ code, detail }: OperatorFailure, key: LedgerKey | undefined): Error {
  if (code === "store_unavailable") return new ApiError("store_unavailable", detail);
  if (code === "key") return key ? wrongKey() : keyNeeded();
  return otherVersion(detail);
}

export const otherVersion = (detail: string) =>
  new StartupError(
    `The server that runs on the folder could not do this. ${detail}`,
    "Stop that server, then try again; or use the ai-chat that it was started with.",
  );
