import { stat } from "node:fs/promises";
import { ClientError } from "../../../client/failure.ts";
import { checkFolder, type Checked, type Finding } from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import type { CheckDocument } from "./document.ts";
import { counted } from "../../../text/numbers.ts";

function folderOf({ words, program }: Pick<Call, "words" | "program">): string {
  const [, dir] = words;
  // The message does not repeat the URL, because it may contain a password.
  if (dir !== undefined && /^\w+:\/\//.test(dir))
    throw new ClientError("usage", "store check reads a data folder, not a database.", {
      hint: `For instance: ${program.name} store check /srv/ai-chat`,
    });
  if (dir !== undefined && words.length === 2) return dir;
  throw new ClientError("usage", "store check takes one folder.", {
    hint: `For instance: ${program.name} store check ${dir ?? "/srv/ai-chat"}`,
  });
}

/** Throws `usage` (exit 2) if there is no such folder: the argument is wrong, not the store. */
async function mustBeFolder(
  dir: string,
  { program, places }: Pick<Call, "program" | "places">,
): Promise<void> {
  const found = await stat(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    return "unknown" as const;
  });
  // The check reports a folder that cannot be read.
  if (found === "unknown" || found?.isDirectory()) return;
  throw noStore(`There is no folder ${dir}.`, { program, places });
}

function noStore(message: string, { program, places }: Pick<Call, "program" | "places">): ClientError {
  const own =
    places.server === undefined ? "" : `; your own is: ${program.name} store check ${places.server}`;
  return new ClientError("usage", message, { hint: `Name the folder of a server (serve --data DIR)${own}` });
}

const placeOf = ({ file, line, byte }: Finding) =>
  line === undefined ? file : `${file}, line ${line} (byte ${byte})`;

function report(dir: string, checked: Checked): string {
  const { ok, findings, notes, running, lines, accounts, tokens, head } = checked;
  const sum = `${counted(lines, "line")}, ${counted(accounts, "account")}, ${counted(tokens, "token")}`;
  const broken = findings.some(({ file, line }) => file === "ledger.jsonl" && line !== undefined);
  return [
    `${dir} is ${ok ? "whole" : "damaged"}${running ? "; a server is running on it" : ""}.`,
    `  ledger   ${sum}${broken ? " before the damage" : ""}`,
    ...(head === undefined ? [] : [`  head     line ${lines}: ${head}`]),
    ...notes.map((note) => `  note     ${note}`),
    ...findings.flatMap((finding) => [
      `  damage   ${placeOf(finding)}: ${finding.what}`,
      `  repair   ${finding.repair}`,
    ]),
  ].join("\n");
}

/** `store check DIR`: checks a folder without changing it; a server may run on it. Exits with 1 if it is damaged. */
export async function checkStore(call: Call): Promise<number> {
  const { output, values } = call;
  const dir = folderOf(call);
  await mustBeFolder(dir, call);
  const checked = await checkFolder(dir, { ledgerKey: values.ledgerKey });
  const { ok, findings, notes, lines, head = null } = checked;
  if (ok && lines === 0) throw noStore(`There is nothing to check in ${dir}: ${notes.join(" ")}`, call);
  if (output.json)
    await output.document({
      ...checked,
      head,
      findings: findings.map(({ file, line = null, byte = null, what, repair }) => ({
        file,
        line,
        byte,
        what,
        repair,
      })),
    } satisfies CheckDocument);
  else await output.line(report(dir, checked));
  return ok ? 0 : 1;
}
