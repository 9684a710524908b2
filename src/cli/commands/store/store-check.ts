import { stat } from "node:fs/promises";
import { ClientError } from "../../../client/failure.ts";
import { checkDatabase, checkFolder, type Checked, type Finding } from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import { refusePassword } from "../../connection/server-config.ts";
import type { CheckDocument } from "./document.ts";
import { counted } from "../../../text/numbers.ts";

/** What is to be checked: a folder or a database. */
function placeOf({ words, program, values, sources }: Call): string {
  const [, named] = words;
  const both = named !== undefined && sources.store === "flag";
  const place = named ?? values.store;
  if (place === undefined || words.length > 2 || both)
    throw new ClientError("usage", "store check takes one folder or one database.", {
      hint: `For instance: ${program.name} store check /srv/ai-chat, or: ${program.name} store check --store postgres://chat@db/chat`,
    });
  if (named !== undefined) refusePassword(named, `${program.name} store check`);
  else if (sources.store === "flag") refusePassword(place, "--store");
  return place;
}

const isDatabase = (place: string) => /^postgres(ql)?:/i.test(place);

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

const partOf = ({ file, line, byte }: Finding) =>
  line === undefined ? file : `${file}, line ${line} (byte ${byte})`;

function report(place: string, checked: Checked, rows: string): string {
  const { ok, findings, notes, running, lines, accounts, tokens, head } = checked;
  const sum = `${counted(lines, rows)}, ${counted(accounts, "account")}, ${counted(tokens, "token")}`;
  const broken = findings.some(({ file, line }) => file === "ledger.jsonl" && line !== undefined);
  return [
    `${place} is ${ok ? "whole" : "damaged"}${running ? "; a server is running on it" : ""}.`,
    `  ledger   ${sum}${broken ? " before the damage" : ""}`,
    ...(head === undefined ? [] : [`  head     line ${lines}: ${head}`]),
    ...notes.map((note) => `  note     ${note}`),
    ...findings.flatMap((finding) => [
      `  damage   ${partOf(finding)}: ${finding.what}`,
      `  repair   ${finding.repair}`,
    ]),
  ].join("\n");
}

/**
 * `store check DIR`, `store check --store URL`: checks a store without changing it; servers may run on it. Exits with 1 if
 * it is damaged.
 */
export async function checkStore(call: Call): Promise<number> {
  const place = placeOf(call);
  return isDatabase(place) ? inDatabase(place, call) : inFolder(place, call);
}

async function inFolder(dir: string, call: Call): Promise<number> {
  await mustBeFolder(dir, call);
  const checked = await checkFolder(dir, { ledgerKey: call.values.ledgerKey });
  const { ok, notes, lines } = checked;
  if (ok && lines === 0) throw noStore([`There is nothing to check in ${dir}.`, ...notes].join(" "), call);
  return print(checked, report(dir, checked, "line"), call);
}

async function inDatabase(url: string, call: Call): Promise<number> {
  const { output, signal, values, sources } = call;
  if (values.ledgerKey !== undefined && sources.ledgerKey === "flag")
    throw new ClientError("usage", "A ledger key protects a data folder, not a database.", {
      hint: "Leave --ledger-key out.",
    });
  const { description, ...checked } = await checkDatabase(url, { warn: output.note, signal });
  return print(checked, report(description, checked, "row"), call);
}

async function print(checked: Checked, text: string, { output }: Call): Promise<number> {
  const { ok, findings, running = null, head = null } = checked;
  if (output.json)
    await output.document({
      ...checked,
      running,
      head,
      findings: findings.map(({ file, line = null, byte = null, what, repair }) => ({
        file,
        line,
        byte,
        what,
        repair,
      })),
    } satisfies CheckDocument);
  else await output.line(text);
  return ok ? 0 : 1;
}
