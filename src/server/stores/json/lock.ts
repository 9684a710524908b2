import { link, lstat, mkdtemp, readdir, rmdir, unlink } from "node:fs/promises";
import type { Server, Socket } from "node:net";
import { basename, join } from "node:path";
import { StartupError } from "../../core/startup-error.ts";
import { createChannel, request, requestLines, type Answerer, type Asked, type Channel } from "./channel.ts";
import { errorCode } from "../../../disk/errors.ts";
import { disk } from "./disk.ts";
import { answers, connectTo, listenIn } from "./lock-socket.ts";
import { connectToPipe, listenOnPipe, pipeAnswers } from "./lock-pipe.ts";
import { deniedByOwner, lockOfOther } from "./other-owner.ts";
import { ownerToBe } from "./owner.ts";

/** Another process holds the folder. */
export class FolderInUse extends StartupError {}

/** Holds a folder until it is released, or this process ends in any way. */
export interface Lock {
  /** Starts to answer `askHolder`, also the requests that are waiting. */
  serve: (answer: Answerer) => void;
  /** A second call does nothing. */
  release: () => Promise<void>;
}

/** Times that a start which lost a race is tried again. */
const TRIES = 100;

const NUMBERED = /^lock\.([1-9]\d{0,14})$/;

/** A starter's own folder, in which its socket listens before it has a number. */
const STARTER = "lock.new.";

/**
 * Takes the folder for this process. Throws `StartupError` while another process has it, also one in another container:
 * a socket shows whether its process lives, a process ID does not. The lock of a killed process is taken over at once.
 *
 * The holder listens on the socket with the highest number. A starter makes a listening socket in a folder of its own,
 * checks that the highest number does not answer, and links its socket to the next number; link(2) fails for the second
 * of two starters. If a starter pauses between the check and the link, a later holder may have removed its number, so that
 * the number is free again. Therefore a starter checks once more after the link, and gives way to a higher number. The
 * highest number is never removed, also not when its holder ends: otherwise such a starter would see no higher number.
 */
export async function acquireLock(dir: string): Promise<Lock> {
  if (process.platform === "win32") {
    const channel = createChannel();
    const server = await listenOnPipe(dir, channel.accept);
    if (server) return lockOf(server, channel);
    throw inUse(dir);
  }
  try {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const channel = createChannel();
      const server = await tryLock(dir, channel);
      if (server) return lockOf(server, channel);
    }
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw (await deniedByOwner(dir, error)) ?? cannotLock(dir, error);
  }
  throw inUse(dir);
}

/** Whether a process holds the folder. Changes nothing; false if there is no such folder. */
export async function lockHolder(dir: string): Promise<boolean> {
  if (process.platform === "win32") return pipeAnswers(dir);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const highest = (await numbers(dir)).at(-1);
    if (highest === undefined) return false;
    const alive = await state(dir, nameOf(highest));
    if (alive !== "gone") return alive === "yes";
  }
  return true;
}

/**
 * Sends a request of the operator to the process that holds the folder, and returns its response. Only this user can
 * connect to the socket. `nobody`: no process holds the folder.
 */
export async function askHolder(dir: string, asked: object): Promise<Asked | { kind: "nobody" }> {
  const socket = await connectToHolder(dir);
  return socket ? request(socket, asked) : { kind: "nobody" };
}

/** As {@link askHolder}, for a response of many lines ({@link requestLines}). Undefined: no process holds the folder. */
export async function askHolderLines(
  dir: string,
  asked: object,
): Promise<AsyncIterable<unknown> | undefined> {
  const socket = await connectToHolder(dir);
  return socket && requestLines(socket, asked);
}

async function connectToHolder(dir: string): Promise<Socket | undefined> {
  if (!(await lockHolder(dir))) return undefined;
  const highest = process.platform === "win32" ? 0 : (await numbers(dir)).at(-1);
  if (highest === undefined) return undefined;
  const socket = process.platform === "win32" ? await connectToPipe(dir) : connectTo(dir, nameOf(highest));
  // The one who reads gets it as the end of the connection.
  return socket.on("error", () => {});
}

const nameOf = (number: number) => `lock.${number}`;

/** The server that holds the lock; undefined if another process was faster, so that the caller has to try again. */
async function tryLock(dir: string, channel: Channel): Promise<Server | undefined> {
  const folder = await mkdtemp(join(dir, STARTER));
  let server: Server | undefined;
  let mine: number | undefined;
  try {
    server = await listenIn(folder, await ownerToBe(disk, dir), channel.accept);
    mine = await linkNext(dir, join(folder, basename(folder)));
  } catch (error) {
    // A holder removed the folder, because the socket did not listen yet.
    unlessGone(error);
  } finally {
    await removeStarter(folder);
    if (mine === undefined && server) await release(server, channel);
  }
  if (mine === undefined) return undefined;
  await tidy(dir, mine);
  return server;
}

function unlessGone(error: unknown): undefined {
  if (errorCode(error) !== "ENOENT") throw error;
}

/** Whether a process listens on the socket. Throws `OtherOwner` if it is another user's, so that nobody can tell. */
async function state(dir: string, name: string): Promise<"yes" | "no" | "gone"> {
  const path = join(dir, name);
  const found = await lstat(path).catch(unlessGone);
  if (!found) return "gone";
  // A symbolic link, or the plain file that a copy of the folder makes of a socket.
  if (!found.isSocket()) return "no";
  try {
    return await answers(dir, name);
  } catch (error) {
    throw (errorCode(error) === "EACCES" && (await lockOfOther(path, found.uid))) || error;
  }
}

/** Links our `socket` to the next number, and gives that; undefined if another process was faster. */
async function linkNext(dir: string, socket: string): Promise<number | undefined> {
  const highest = (await numbers(dir)).at(-1) ?? 0;
  if (highest > 0) {
    const alive = await state(dir, nameOf(highest));
    if (alive === "yes") throw inUse(dir);
    if (alive === "gone") return undefined;
  }
  const mine = highest + 1;
  try {
    await link(socket, join(dir, nameOf(mine)));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    return undefined;
  }
  if ((await numbers(dir)).at(-1) === mine) return mine;
  await unlink(join(dir, nameOf(mine))).catch(() => {});
  return undefined;
}

/** Removes lower numbers, and the folders of starters that were killed before they had a number. */
async function tidy(dir: string, mine: number): Promise<void> {
  const lower = (await numbers(dir)).filter((number) => number < mine);
  for (const number of lower) await unlink(join(dir, nameOf(number))).catch(() => {});
  const starters = (await readdir(dir)).filter((name) => name.startsWith(STARTER));
  for (const name of starters) {
    // An error means that it is another user's. A live starter whose folder is gone begins again.
    const alive = await state(dir, join(name, name)).catch(() => "no");
    if (alive !== "yes") await removeStarter(join(dir, name));
  }
}

/** Not by `rm`, which could follow a link that the folder's owner puts there meanwhile. */
async function removeStarter(folder: string): Promise<void> {
  await unlink(join(folder, basename(folder))).catch(() => {});
  await rmdir(folder).catch(() => {});
}

/** Lowest first. */
async function numbers(dir: string): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  return names
    .flatMap((name) => Number(NUMBERED.exec(name)?.[1] ?? []))
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
}

const lockOf = (server: Server, channel: Channel): Lock => ({
  serve: channel.serve,
  release: () => release(server, channel),
});

async function release(server: Server, channel: Channel): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  await channel.close();
  await closed;
}

const inUse = (dir: string) =>
  new FolderInUse(
    `Another ai-chat server uses the folder ${dir}.`,
    "Stop that server first, or give this one another folder with --data DIR.",
  );

const cannotLock = (dir: string, error: unknown) =>
  new StartupError(
    `The folder ${dir} cannot be locked (${errorCode(error) ?? "unknown error"}).`,
    "Use a writable folder on a local disk that can hold Unix sockets and links: --data DIR.",
    error,
  );
