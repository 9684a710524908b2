import { ClientError } from "../../../client/failure.ts";
import type { Conversations } from "../../../client/conversations/conversations.ts";
import {
  importedFrom,
  NotImportable,
  recordsOf,
  type Imported,
} from "../../../client/conversations/import.ts";
import { normalizeServer } from "../../../client/http/server-url.ts";
import { fileTrouble, isMissing } from "../../../disk/errors.ts";
import { readRegularSync } from "../../../disk/regular-file.ts";
import { counted } from "../../../text/numbers.ts";
import { oneLine } from "../../../text/sanitize.ts";
import type { Call } from "../../argv/call.ts";
import type { ImportDocument } from "./document.ts";

/** Most characters of another program's ID that are named. */
const LONGEST_ID = 40;

function textOf(file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readRegularSync(file));
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new NotImportable("it is not UTF-8 text.");
    if (isMissing(error)) throw new NotImportable("there is no such file.");
    throw new NotImportable(`it can't be read: ${fileTrouble(error, "FILE")}`);
  }
}

function documentsOf(text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NotImportable("it is no JSON. Markdown can't be imported: export with --format json.");
  }
  if (!Array.isArray(value)) return [value];
  if (value.length === 0) throw new NotImportable("it has no conversations.");
  return value;
}

function checked(document: unknown): Imported {
  const imported = importedFrom(document);
  const { server } = imported;
  try {
    return { ...imported, server: server === "local" ? server : normalizeServer(server) };
  } catch {
    throw new NotImportable("server is no address.");
  }
}

/** All conversations of a file. Throws `usage` if one of them can't be imported. */
function read(file: string): Imported[] {
  let at: string | undefined;
  try {
    const documents = documentsOf(textOf(file));
    return documents.map((document, place) => {
      at = documents.length === 1 ? undefined : `conversation ${place + 1}: `;
      return checked(document);
    });
  } catch (error) {
    if (!(error instanceof NotImportable)) throw error;
    throw new ClientError("usage", `${file}: ${at ?? ""}${error.message}`, {
      hint: "Nothing was imported.",
    });
  }
}

/** Makes a conversation of each document that `export --format json` wrote; none, if one of them is wrong. */
export async function importFiles(
  call: Call,
  conversations: Conversations,
  files: readonly string[],
): Promise<void> {
  const { output } = call;
  const done: ImportDocument = [];
  for (const imported of files.flatMap(read)) {
    const { title } = imported;
    const { id, ...kept } = await conversations.restore(imported, (made) => recordsOf(imported, made));
    if (!kept.kept)
      throw new ClientError("internal", kept.why, {
        hint: `Imported before that: ${counted(done.length, "conversation")}.`,
      });
    done.push({ id, title, was: imported.id });
    const renamed = id === imported.id ? "" : ` (was ${oneLine(imported.id, LONGEST_ID)})`;
    if (!output.json) output.note(`Imported ${id}${renamed}: ${title}`);
  }
  if (output.json) await output.document(done satisfies ImportDocument);
}
