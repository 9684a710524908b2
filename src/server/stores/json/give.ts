import { setTimeout as pause } from "node:timers/promises";
import { resolve } from "node:path";
import { ApiError } from "../../core/api-error.ts";
import { grantByName, type GrantReply, type GrantRequest } from "../../core/grant.ts";
import { StartupError } from "../../core/startup-error.ts";
import { disk, errorCode } from "./files.ts";
import { hasLedger } from "./has-ledger.ts";
import { askHolder, lockHolder } from "./lock.ts";
import { operatorAnswer, type OperatorRequest } from "./operator.ts";
import { checkOwner } from "./other-owner.ts";
import { openJsonStore } from "./store.ts";

/** ms for which a lost answer, or a lost race for the folder, is asked again. */
const PATIENCE = 10_000;
const PAUSE = 50;

/**
 * Gives tokens in a data folder: through the process that holds it, else under its lock. `no_store`: the folder holds no
 * ledger, and none is made. `no_answer`: somebody holds it and doesn't answer, so that it may have been given; the same
 * id tells. Rejects with `ApiError("store_unavailable")`, or with `StartupError` where the folder cannot be used.
 */
export async function giveInFolder(
  named: string,
  grant: GrantRequest,
  warn: (sentence: string) => void,
): Promise<GrantReply | { kind: "no_store" } | { kind: "no_answer" }> {
  const dir = resolve(named);
  const end = performance.now() + PATIENCE;
  await checkOwner(disk, dir);
  // The request always has an id: asked twice it is one grant.
  for (;;) {
    const asked = await askHolder(dir, { grant } satisfies OperatorRequest).catch(unreadable(dir));
    if (asked.kind === "answer") return told(asked.answer);
    if (asked.kind === "nobody") {
      if (!(await hasLedger(disk, dir).catch(unreadable(dir)))) return { kind: "no_store" };
      const given = await giveUnderLock(dir, grant, warn);
      if (given) return given;
    }
    if (performance.now() > end) return { kind: "no_answer" };
    await pause(PAUSE);
  }
}

/** Throws what a file call in the folder failed with, as a `StartupError`. */
const unreadable = (dir: string) => (error: unknown) => {
  if (error instanceof StartupError) throw error;
  throw new StartupError(
    `The folder ${dir} cannot be read (${errorCode(error) ?? "unknown error"}).`,
    "Look at its owner and mode; grant runs as the user whose server it is.",
    error,
  );
};

/** Undefined where another process took the folder meanwhile. */
async function giveUnderLock(
  dir: string,
  grant: GrantRequest,
  warn: (sentence: string) => void,
): Promise<GrantReply | undefined> {
  const store = await openJsonStore({ dir, warn }).catch(async (error: unknown) => {
    if (await lockHolder(dir)) return undefined;
    throw error;
  });
  if (!store) return undefined;
  try {
    return await grantByName(store, grant);
  } finally {
    await store.close();
  }
}

function told(answer: unknown): GrantReply {
  const read = operatorAnswer.safeParse(answer);
  if (!read.success) throw otherVersion("It gave an answer that this ai-chat doesn't know.");
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
