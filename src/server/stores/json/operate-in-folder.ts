import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import { ApiError } from "../../core/api-error.ts";
import type { Store } from "../../core/ports.ts";
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
  type NotDone,
  type Operator,
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
 * Who does what an operator asks in a data folder: the process that holds the folder; otherwise its store, which is then
 * opened under the lock and stays open until `close`. Rejects with `StartupError` if the folder cannot be used.
 */
export async function openFolderOperator(
  named: string,
  warn: (sentence: string) => void,
  ledgerKey?: string,
): Promise<Operator> {
  const dir = resolve(named);
  await checkOwner(disk, dir);
  const key = ledgerKey === undefined ? undefined : await openLedgerKey(ledgerKey, dir);
  let store: Store | undefined;

  async function ask(request: OperatorRequest): Promise<OperatorReply | NotDone> {
    if (store) return operate(store, request);
    const end = performance.now() + TIMEOUT;
    const asking = signed(request, key);
    // Two requests with the same content are one.
    for (;;) {
      const asked = await askHolder(dir, asking).catch(unreadable(dir));
      if (asked.kind === "answer") return replyOf(asked.answer, key);
      if (asked.kind === "nobody") {
        if (!(await hasLedger(disk, dir).catch(unreadable(dir)))) return { kind: "no_store" };
        store = await openUnlessHeld(dir, warn, ledgerKey);
        if (store) return operate(store, request);
      }
      if (performance.now() > end) return { kind: "no_answer" };
      await pause(PAUSE);
    }
  }

  return { ask, close: async () => store?.close() };
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
const openUnlessHeld = (
  dir: string,
  warn: (sentence: string) => void,
  ledgerKey: string | undefined,
): Promise<Store | undefined> =>
  openJsonStore({ dir, warn, ledgerKey }).catch(async (error: unknown) => {
    // The process that was first may have left again by now.
    if (error instanceof FolderInUse || (await lockHolder(dir))) return undefined;
    throw error;
  });

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
