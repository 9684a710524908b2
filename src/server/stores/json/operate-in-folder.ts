import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import {
  operate,
  type NotDone,
  type Operator,
  type OperatorReply,
  type OperatorRequest,
} from "../../core/operate.ts";
import type { Store } from "../../core/store.ts";
import { disk } from "./disk.ts";
import { hasLedger } from "./has-ledger.ts";
import { otherVersion, PAUSE, refusalOf, TIMEOUT, UNKNOWN_ANSWER, unreadable } from "./holder.ts";
import { openLedgerKey, type LedgerKey } from "./key.ts";
import { askHolder, FolderInUse, lockHolder } from "./lock.ts";
import { operatorAnswer, signed } from "./operator.ts";
import { checkOwner } from "./other-owner.ts";
import { openJsonStore } from "./store.ts";

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

function replyOf(answer: unknown, key: LedgerKey | undefined): OperatorReply {
  const read = operatorAnswer.safeParse(answer);
  if (!read.success) throw otherVersion(UNKNOWN_ANSWER);
  if (!("error" in read.data)) return read.data;
  throw refusalOf(read.data.error, key);
}
