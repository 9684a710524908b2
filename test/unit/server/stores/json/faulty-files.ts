import { basename } from "node:path";
import { disk, type Files, type OpenFile } from "../../../../../src/server/stores/json/files.ts";

/** What becomes of a file call: fails with an error, or (a write) takes that many bytes; undefined: it works. */
export type Fault = Error | number | undefined;

/** The disk, with a word in every call: `say(call, file)` before it is made. */
export function createFaultyFiles(
  say: (call: keyof OpenFile | keyof Files, file: string) => Fault | Promise<Fault>,
): Files {
  async function ask(call: keyof OpenFile | keyof Files, path: string): Promise<number | undefined> {
    const fault = await say(call, basename(path));
    if (fault instanceof Error) throw fault;
    return fault;
  }

  function wrap(file: OpenFile, path: string): OpenFile {
    return {
      read: (...how) => file.read(...how),
      async write(bytes, offset, length, position) {
        const most = await ask("write", path);
        return file.write(bytes, offset, Math.min(length, most ?? length), position);
      },
      truncate: async (length) => {
        await ask("truncate", path);
        await file.truncate(length);
      },
      datasync: async () => {
        await ask("datasync", path);
        await file.datasync();
      },
      sync: async () => {
        await ask("sync", path);
        await file.sync();
      },
      stat: async () => {
        await ask("stat", path);
        return file.stat();
      },
      chmod: (mode) => file.chmod(mode),
      chown: (uid, gid) => file.chown(uid, gid),
      close: () => file.close(),
    };
  }

  return {
    ...disk,
    async open(path, flags, mode) {
      await ask("open", path);
      return wrap(await disk.open(path, flags, mode), path);
    },
    async rename(from, to) {
      await ask("rename", to);
      await disk.rename(from, to);
    },
  };
}

/** A system error as Node makes it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}
