import { basename } from "node:path";
import type { Files, OpenFile } from "../../../../../src/server/stores/json/files.ts";

/** What becomes of a file call: fails with an error, or (a write) takes that many bytes; undefined: it works. */
export type Fault = Error | number | undefined;

type Call = keyof OpenFile | keyof Files;

/** A disk, with a word in every call: `say(call, file)` before it is made. */
export function createFaultyFiles(
  on: Files,
  say: (call: Call, file: string) => Fault | Promise<Fault>,
): Files {
  /** Makes a call unless it is to fail: on a synchronous disk in this tick, unless the word comes later. */
  function ask<T>(call: Call, path: string, make: (most?: number) => T | Promise<T>): T | Promise<T> {
    const obey = (fault: Fault) => {
      if (fault instanceof Error) throw fault;
      return make(fault);
    };
    const said = say(call, basename(path));
    return on.synchronous && !(said instanceof Promise) ? obey(said) : Promise.resolve(said).then(obey);
  }

  const wrap = (file: OpenFile, path: string): OpenFile => ({
    read: (...how) => file.read(...how),
    write: (bytes, offset, length, position) =>
      ask("write", path, (most) => file.write(bytes, offset, Math.min(length, most ?? length), position)),
    truncate: async (length) => ask("truncate", path, () => file.truncate(length)),
    datasync: async () => ask("datasync", path, () => file.datasync()),
    sync: async () => ask("sync", path, () => file.sync()),
    stat: () => ask("stat", path, () => file.stat()),
    chmod: (mode) => file.chmod(mode),
    chown: (uid, gid) => file.chown(uid, gid),
    close: () => file.close(),
  });

  return {
    ...on,
    open: async (path, flags, mode) =>
      ask("open", path, async () => wrap(await on.open(path, flags, mode), path)),
    stat: (path) => ask("stat", path, () => on.stat(path)),
    remove: async (path) => ask("remove", path, () => on.remove(path)),
    link: async (existing, path) => ask("link", path, () => on.link(existing, path)),
    rename: async (from, to) => ask("rename", to, () => on.rename(from, to)),
  };
}

/** A system error as Node makes it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}

/**
 * Files whose calls wait for ever after `step` of them, as in a process that was killed then. `reached` resolves to false
 * at the first one that waits; `kill` lets all of them fail. If it `waits`, the
 * calls before `begin` do not count.
 */
export function killedAfter(step: number, on: Files, { waits = false } = {}) {
  let calls = 0;
  let counts = !waits;
  let [reach, kill] = [(_ended: boolean) => {}, (_fault: Fault) => {}];
  const reached = new Promise<boolean>((resolve) => (reach = resolve));
  const killed = new Promise<Fault>((resolve) => (kill = resolve));
  const files = createFaultyFiles(on, () => {
    if (counts) calls += 1;
    if (calls <= step) return undefined;
    reach(false);
    return killed;
  });
  return { files, reached, begin: () => void (counts = true), kill: () => kill(systemError("EIO")) };
}
