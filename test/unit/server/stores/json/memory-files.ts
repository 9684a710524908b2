import { basename } from "node:path";
import { disk } from "../../../../../src/server/stores/json/disk.ts";
import type { Files } from "../../../../../src/server/stores/json/files.ts";
import { systemError } from "./faulty-files.ts";

const statOf = (bytes: Buffer) => ({ size: bytes.length, ino: 1, dev: 1, mode: 0o100600, uid: 0, gid: 0 });

/** A folder in memory that can only be read: for tests that read it some thousand times. */
export function createMemoryFiles(contents: Record<string, Buffer>): Files {
  return {
    ...disk,
    async stat(path) {
      const bytes = contents[basename(path)];
      if (!bytes) throw systemError("ENOENT");
      return statOf(bytes);
    },
    async open(path) {
      const bytes = contents[basename(path)];
      if (!bytes) throw systemError("ENOENT");
      const unable = () => Promise.reject(systemError("EROFS"));
      return {
        read: async (buffer, offset, length, position) => ({
          bytesRead: bytes.copy(buffer, offset, position, position + length),
        }),
        stat: async () => statOf(bytes),
        close: async () => {},
        write: unable,
        truncate: unable,
        datasync: unable,
        sync: unable,
        chmod: unable,
        chown: unable,
      };
    },
  };
}
