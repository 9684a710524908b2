import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { OwnTexts } from "../../../client/kept/own-texts.ts";
import type { Places } from "../../../client/kept/places.ts";
import { errorCode } from "../../../disk/errors.ts";
import type { DoctorDocument } from "./document.ts";
import { atPath, safely } from "./files.ts";
import { localFault, type Finding, type Report } from "./finding.ts";

const nameWords = "its name must be one word of letters, digits, dots, - and _, and end in .md";
const kinds = [
  { what: "roles", wrongName: `${nameWords}; none.md and edit.md are no roles` },
  { what: "prompts", wrongName: nameWords },
] as const;

type Kind = (typeof kinds)[number];

/** What is wrong with the files of a folder. */
function problemsOf({ what, wrongName }: Kind, dir: string, texts: OwnTexts): Finding[] {
  const fault = (message: string): Finding => ({
    about: what,
    text: message,
    fault: localFault(message, "Until it is fixed, it can't be used."),
  });
  let files;
  try {
    files = readdirSync(dir);
  } catch (error) {
    return [fault(`${dir} cannot be listed (${errorCode(error) ?? "unknown error"}).`)];
  }
  return files.sort().flatMap((file): Finding[] => {
    // Of an editor, or of the system.
    if (file.startsWith(".") || file.endsWith("~")) return [];
    const [, name = ""] = /^(.*)\.md$/su.exec(file) ?? [];
    if (!texts.isName(name))
      return [{ about: what, text: `${join(dir, file)} is not used: ${wrongName}.`, note: true }];
    const read = texts.read(name);
    return read.kind === "refused" ? [fault(read.why)] : [];
  });
}

/** Reports which of the user's roles and prompts cannot be used. Everybody may read them. */
export async function lookAtTexts(
  { config }: Places,
  platform: NodeJS.Platform,
): Promise<Report<DoctorDocument["files"]>> {
  const findings: Finding[] = [];
  const document: DoctorDocument["files"] = [];
  for (const kind of kinds) {
    const { what } = kind;
    const dir = config === undefined ? undefined : join(config, what);
    const found = safely(what, dir, platform);
    document.push(found);
    let problems: Finding[] = [];
    // Few have the folders: nothing is loaded for them.
    if (dir !== undefined && existsSync(dir)) {
      const { openTextFolders } = await import("../../../client/kept/own-texts.ts");
      problems = problemsOf(kind, dir, openTextFolders(config)[what]);
    }
    if (!problems.some(({ fault }) => fault)) findings.push({ about: what, text: atPath(found) });
    findings.push(...problems);
  }
  return { title: "Files", findings, document };
}
