import { constants, promises, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TextFiles } from "../../session/command.ts";
import { errorCode, fileTrouble } from "../../disk/errors.ts";
import { openRegular } from "../../disk/regular-file.ts";

const { O_CREAT, O_EXCL, O_TRUNC, O_WRONLY } = constants;

function trouble(error: unknown): string {
  const code = errorCode(error);
  if (code === "ENOENT") return "its folder does not exist.";
  if (code === "EROFS") return "the disk is read-only.";
  return fileTrouble(error, "");
}

function kindOf(path: string): "file" | "folder" | "other" {
  try {
    const found = statSync(path);
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
  } catch {
    return "other";
  }
}

/** The files that a user names in the session; `home` is what `~` stands for. */
export function createTextFiles(home: string | undefined): TextFiles {
  const pathOf = (name: string): string =>
    home !== undefined && /^~(?:\/|$)/.test(name) ? join(home, name.slice(1)) : resolve(name);

  const writeNew = async (path: string, text: string) => {
    const handle = await openRegular(path, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    try {
      await handle.writeFile(text);
    } catch (error) {
      await promises.unlink(path).catch(() => undefined);
      throw error;
    } finally {
      await handle.close();
    }
  };

  const replace = async (path: string, text: string) => {
    const handle = await openRegular(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  };

  return {
    existing(name) {
      const path = pathOf(name);
      return kindOf(path) === "file" ? path : undefined;
    },
    async write(name, text, isReplaced) {
      const path = pathOf(name);
      try {
        await (isReplaced ? replace(path, text) : writeNew(path, text));
        return { kind: "written", path };
      } catch (error) {
        if (kindOf(path) === "folder") return { kind: "failed", path, why: "it is a folder." };
        if (errorCode(error) === "EEXIST") return { kind: "exists", path };
        return { kind: "failed", path, why: trouble(error) };
      }
    },
  };
}
