import { constants } from "node:fs";
import { hostname } from "node:os";
import { isReadable, readHeader } from "./header.ts";
import { linesBack } from "./lines-back.ts";
import { readAt, type Handle, type OpenFile } from "./open-file.ts";
import { decode, type Decoded } from "./decode.ts";
import { encode, type AskingRecord } from "./record.ts";

/**
 * `free`: no other session has asked in the conversation since it was read, and the others see now that this one asks.
 * `unknown`: the file can't be read or written; saving the turn will say why.
 */
export type Claim = "free" | "taken" | "unknown";

/** An open session, as others see it. */
export interface Me {
  by: string;
  host: string;
  pid: number;
}

/** Milliseconds after which a question of another session that has no turn yet was lost with it. */
const LONGEST_QUESTION = 15 * 60_000;

const { O_APPEND, O_RDWR } = constants;
const NEWLINE = 0x0a;

export const createMe = (by: string): Me => ({ by, host: hostname(), pid: process.pid });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

interface Claiming {
  path: string;
  open: OpenFile;
  me: Me;
  /** Whether this session wrote that turn. */
  isOurs: (turn: string) => boolean;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Says in a file that this session is about to ask, unless another one waits for an answer there or has written a turn
 * since the file had `seen` bytes. There is no lock that a killed session could leave behind: whose line is first in the
 * file goes on, and a line without a turn counts as long as its process lives. Rejects if the file can't be used.
 */
export async function claim(claiming: Claiming, seen: number): Promise<Claim> {
  const { path, open } = claiming;
  const handle = await open(path, O_RDWR | O_APPEND);
  try {
    const { size } = await handle.stat();
    const header = await readHeader(handle, size);
    if (!header || !isReadable(header)) return "unknown";
    if (await isTaken(handle, size, seen, claiming)) return "taken";
    await say(handle, size, claiming);
    const { size: after } = await handle.stat();
    if (!(await isSecond(handle, { from: size, to: after }, claiming))) return "free";
    await say(handle, after, claiming, true);
    return "taken";
  } finally {
    await handle.close();
  }
}

/** Says that the question ended without a turn. Rejects if the file can't be used. */
export async function release(claiming: Claiming): Promise<void> {
  const handle = await claiming.open(claiming.path, O_RDWR | O_APPEND);
  try {
    await say(handle, (await handle.stat()).size, claiming, true);
  } finally {
    await handle.close();
  }
}

async function say(handle: Handle, size: number, { me, now }: Claiming, over?: true): Promise<void> {
  const isTorn = size > 0 && (await readAt(handle, size - 1, 1))[0] !== NEWLINE;
  const line = encode({ is: "asking", at: new Date(now).toISOString(), ...me, over });
  await handle.write(Buffer.from((isTorn ? "\n" : "") + line));
}

const isWaiting = ({ by, host, pid, at }: AskingRecord, { me, now }: Claiming): boolean =>
  by !== me.by && now - Date.parse(at) < LONGEST_QUESTION && (host !== me.host || isAlive(pid));

/** Reads back to the last turn that was seen. */
async function isTaken(handle: Handle, size: number, seen: number, claiming: Claiming): Promise<boolean> {
  const over = new Set<string>();
  for await (const { start, bytes } of linesBack(handle, size))
    for (const decoded of decode(bytes).reverse()) {
      if (decoded.is === "turn") return start >= seen && !claiming.isOurs(decoded.id);
      if (decoded.is === "chosen" && start >= seen && decoded.by !== claiming.me.by) return true;
      if (decoded.is !== "asking") continue;
      if (decoded.over === true) over.add(decoded.by);
      else if (!over.has(decoded.by) && isWaiting(decoded, claiming)) return true;
    }
  return false;
}

/** Whether another session wrote between these bytes before this one said that it asks. */
async function isSecond(
  handle: Handle,
  { from, to }: { from: number; to: number },
  claiming: Claiming,
): Promise<boolean> {
  const written: Decoded[] = [];
  for await (const { start, bytes } of linesBack(handle, to)) {
    if (start + bytes.length <= from) break;
    written.push(...decode(bytes).reverse());
  }
  const ours = written.findLastIndex((one) => one.is === "asking" && one.by === claiming.me.by);
  return written
    .slice(ours + 1)
    .some(
      (one) => one.is === "turn" || one.is === "chosen" || (one.is === "asking" && isWaiting(one, claiming)),
    );
}
