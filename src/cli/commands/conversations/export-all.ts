import { join, resolve } from "node:path";
import { ClientError } from "../../../client/failure.ts";
import type { Conversations } from "../../../client/conversations/conversations.ts";
import { fileTrouble } from "../../../disk/errors.ts";
import { makeFolder } from "../../../disk/make-folder.ts";
import { counted } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";
import { createTextFiles } from "../../io/text-files.ts";
import type { ExportAllDocument } from "./document.ts";
import { texts } from "./texts.ts";

const MOST_SLUG = 40;
/** Most existing files that are named. */
const NAMED = 3;

/** A name that no other conversation has, below any folder: its title in letters and digits, then its ID. */
export function fileName({ id, title }: { id: string; title: string }, format: "json" | "md"): string {
  const words =
    title
      .toLowerCase()
      .normalize("NFC")
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  const slug = Array.from(words.join("-")).slice(0, MOST_SLUG).join("").replace(/-$/, "");
  return `${slug === "" ? "" : `${slug}-`}${id}.${format}`;
}

/** Writes each conversation into a file of its own. What exists is left as it is; then it resolves to 1. */
export async function exportAll(call: Call, conversations: Conversations, folder: string): Promise<number> {
  const { output, values, signal } = call;
  const dir = resolve(folder);
  const format = output.json ? "json" : values.format;
  const files = createTextFiles(undefined);
  try {
    await makeFolder(dir);
  } catch (error) {
    throw new ClientError("internal", `${dir} can't be made: ${fileTrouble(error, "DIR")}`, {
      hint: "Nothing was exported.",
    });
  }
  const written: ExportAllDocument["files"] = [];
  const existing: string[] = [];
  for (const summary of await conversations.list()) {
    if (signal.aborted) throw new ClientError("interrupted", "Interrupted.");
    const { json, markdown } = await texts(call, conversations, summary.id);
    const file = fileName(summary, format);
    const outcome = await files.write(join(dir, file), format === "json" ? json() : markdown(), false);
    if (outcome.kind === "failed")
      throw new ClientError("internal", `${outcome.path} can't be written: ${outcome.why}`, {
        hint: `Written before that: ${counted(written.length, "conversation")}.`,
      });
    if (outcome.kind === "exists") existing.push(file);
    else written.push({ id: summary.id, title: summary.title, file });
  }
  if (output.json)
    await output.document({ folder: dir, files: written, existing } satisfies ExportAllDocument);
  else output.note(`${counted(written.length, "conversation")} written into ${dir}`);
  if (existing.length === 0) return 0;
  const named = existing.slice(0, NAMED).join(", ");
  const more = existing.length > NAMED ? ` and ${existing.length - NAMED} more` : "";
  if (!output.json) output.note(`What existed there is as it was: ${named}${more}`);
  return 1;
}
