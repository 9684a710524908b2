import { closeSync, openSync, promises, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errorCode, fileTrouble, isMissing } from "../../disk/errors.ts";
import { makeFolderSync } from "../../disk/make-folder.ts";
import { openRegular, readRegularSync } from "../../disk/regular-file.ts";
import { CHAT_BODY_BYTES, INSTRUCTIONS_CHARACTERS } from "../../protocol/limits.ts";
import { codePoints } from "../../text/code-points.ts";
import { grouped } from "../../text/numbers.ts";
import { oneLine } from "../../text/sanitize.ts";
import { isOwnName, isRoleName } from "./own-names.ts";

/** A text of the user: its name, and its first line. */
export interface OwnText {
  name: string;
  about: string;
}

/** `why` is a sentence that names the file. */
export type OwnTextRead =
  | { kind: "text"; text: string }
  | { kind: "missing" }
  | { kind: "refused"; why: string };

/** The files `NAME.md` of one folder, which the user writes. Nothing is read before it is asked for. */
export interface OwnTexts {
  /** Undefined if there is no home folder. */
  readonly dir: string | undefined;
  /** Whether a file can have that name. */
  isName(name: string): boolean;
  /** In the order of their names. Never rejects: what can't be read has no first line. */
  list(): Promise<OwnText[]>;
  /** The text without blank lines around it. A name that is none is missing. */
  read(name: string): OwnTextRead;
  /** The path of the file, made (0600) with its folder (0700) if it isn't there; or why it can't be. */
  make(name: string): { path: string; isNew: boolean } | { why: string };
  /** Deletes a file that was made if it stayed empty; then true. */
  unmake(path: string): boolean;
}

/** The user's texts beside the settings (docs/cli.md#files). */
export interface TextFolders {
  roles: OwnTexts;
  prompts: OwnTexts;
}

/** Bytes in which the first line is looked for. */
const HEAD_BYTES = 1024;
const ABOUT_CHARACTERS = 72;
const END = ".md";
const MOST_LISTED = 500;

/** `config`: the folder of the settings. */
export function openTextFolders(config: string | undefined): TextFolders {
  const dirOf = (name: string) => (config === undefined ? undefined : join(config, name));
  const roles = { isName: isRoleName, most: INSTRUCTIONS_CHARACTERS };
  return {
    roles: openOwnTexts(dirOf("roles"), roles),
    // How long a question may be is up to the server.
    prompts: openOwnTexts(dirOf("prompts"), { isName: isOwnName, most: CHAT_BODY_BYTES }),
  };
}

interface OwnTextsOptions {
  isName: (name: string) => boolean;
  /** Most characters of a text. */
  most: number;
}

function openOwnTexts(dir: string | undefined, { isName, most }: OwnTextsOptions): OwnTexts {
  const pathOf = (name: string) =>
    dir === undefined || !isName(name.normalize("NFC")) ? undefined : join(dir, `${name}${END}`);

  return {
    dir,
    isName: (name) => isName(name.normalize("NFC")),
    async list() {
      const files = dir === undefined ? [] : await promises.readdir(dir).catch(() => []);
      const names = files.flatMap((file) => {
        const name = file.slice(0, -END.length).normalize("NFC");
        return file.endsWith(END) && isName(name) ? [name] : [];
      });
      const sorted = names.sort().slice(0, MOST_LISTED);
      return Promise.all(sorted.map(async (name) => ({ name, about: await firstLine(pathOf(name) ?? "") })));
    },
    read(name) {
      const path = pathOf(name);
      if (path === undefined) return { kind: "missing" };
      const refused = (why: string): OwnTextRead => ({ kind: "refused", why: `${path} ${why}` });
      const tooLong = (many: string) =>
        refused(`has ${many} characters, and at most ${grouped(most)} can be sent.`);
      let text;
      try {
        // A character has up to four bytes. The decoder removes a byte order mark.
        text = new TextDecoder("utf-8", { fatal: true }).decode(readRegularSync(path, 4 * most + 1024));
      } catch (error) {
        if (isMissing(error)) return { kind: "missing" };
        const code = errorCode(error);
        if (code === "TOO_LARGE") return tooLong(`over ${grouped(most)}`);
        if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return refused("is not UTF-8 text.");
        return refused(`can't be read: ${fileTrouble(error, "XDG_CONFIG_HOME")}`);
      }
      const trimmed = text.replaceAll("\r\n", "\n").trim();
      if (trimmed === "") return refused("is empty.");
      const many = codePoints(trimmed);
      return many > most ? tooLong(grouped(many)) : { kind: "text", text: trimmed };
    },
    make(name) {
      const path = pathOf(name);
      if (path === undefined || dir === undefined)
        return {
          why:
            dir === undefined
              ? "There is no home folder to keep it in. Set HOME or XDG_CONFIG_HOME."
              : "A name is one word of letters, digits, dots, - and _, at most 64 characters, and not none or edit.",
        };
      try {
        makeFolderSync(dir);
        closeSync(openSync(path, "wx", 0o600));
        return { path, isNew: true };
      } catch (error) {
        if (errorCode(error) === "EEXIST") return { path, isNew: false };
        return { why: `${path} can't be written: ${fileTrouble(error, "XDG_CONFIG_HOME")}` };
      }
    },
    unmake(path) {
      try {
        const isEmpty = statSync(path).size === 0;
        if (isEmpty) unlinkSync(path);
        return isEmpty;
      } catch {
        return true;
      }
    },
  };
}

/** The first line with text, without the signs of a heading; "" if it can't be read. */
async function firstLine(path: string): Promise<string> {
  let handle;
  try {
    handle = await openRegular(path, 0);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer
      .subarray(0, bytesRead)
      .toString()
      .replace(/^\uFEFF/, "");
    const line = head.split("\n").find((one) => one.trim() !== "") ?? "";
    // The bytes may end within a character.
    return oneLine(line.replace(/^#+ /, "").replace(/\uFFFD$/, ""), ABOUT_CHARACTERS);
  } catch {
    return "";
  } finally {
    await handle?.close();
  }
}
