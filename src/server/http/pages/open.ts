import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { StartupError } from "../../core/startup-error.ts";

/** A file that the build made. It is the same for everybody, and all replies share its bytes. */
export interface StaticFile {
  /** Media type. */
  type: string;
  bytes: Buffer;
  /** Packed at the first call. */
  packed: () => Promise<Buffer>;
  /** A weak one: the same for the file and the packed file. */
  etag: string;
}

/** The files of the pages, see `pageRoutes`. */
export type Pages = Record<keyof typeof FILES, StaticFile>;

const FILES = {
  home: ["index.html", "text/html; charset=utf-8"],
  script: ["page.js", "text/javascript; charset=utf-8"],
  style: ["page.css", "text/css; charset=utf-8"],
  docs: ["docs.html", "text/html; charset=utf-8"],
  docsStyle: ["docs.css", "text/css; charset=utf-8"],
} as const;

const pack = promisify(gzip);

/** Reads one file. Throws `StartupError` if it is missing. */
export async function openFile(folder: string, name: string, type: string, advice = ""): Promise<StaticFile> {
  const bytes = await readFile(join(folder, name)).catch((error: unknown) => {
    throw new StartupError(
      `The file ${name} cannot be read in ${folder}. It is a part of the program.`,
      `Install ai-chat-system again, or run \`npm run build\` in its repository.${advice}`,
      error,
    );
  });
  let packed: Promise<Buffer> | undefined;
  return {
    type,
    bytes,
    packed: () => (packed ??= pack(bytes)),
    etag: `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
  };
}

/** Reads the files of the pages. Throws `StartupError` if one is missing. */
export async function openPages(folder: string): Promise<Pages> {
  const opened = Object.entries(FILES).map(
    async ([key, [name, type]]) =>
      [key, await openFile(folder, name, type, " Without the page: --no-page")] as const,
  );
  return Object.fromEntries(await Promise.all(opened)) as Pages;
}
