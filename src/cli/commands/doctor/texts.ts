import { readdirSync } from "node:fs";
import { isOwnName, isRoleName } from "../../../client/kept/own-names.ts";
import { openTextFolders, type OwnTexts } from "../../../client/kept/own-texts.ts";
import type { Places } from "../../../client/kept/places.ts";
import { errorCode, isMissing } from "../../../disk/errors.ts";
import { commandNamed } from "../../../session/commands.ts";
import type { DoctorDocument } from "./document.ts";
import { atPath, safely } from "./files.ts";
import { localFault, type Finding, type Report } from "./finding.ts";

interface Kind {
  what: "roles" | "prompts";
  isName: (name: string) => boolean;
  /** Why a file of a valid name is not used, if it is not. */
  hidden: (name: string) => string | undefined;
  nameWords: string;
}

const nameWords = "its name must be one word of letters, digits, dots, - and _, and end in .md";

const kinds: Kind[] = [
  {
    what: "roles",
    isName: isRoleName,
    hidden: () => undefined,
    nameWords: `${nameWords}; none.md and edit.md are no roles`,
  },
  {
    what: "prompts",
    isName: isOwnName,
    hidden: (name) => (commandNamed(name) ? `/${name} is a command of the session` : undefined),
    nameWords,
  },
];

/** What is wrong with the files of a folder. */
function problemsOf({ what, isName, hidden, nameWords }: Kind, texts: OwnTexts): Finding[] {
  const { dir } = texts;
  if (dir === undefined) return [];
  const fault = (message: string): Finding => ({
    about: what,
    text: message,
    fault: localFault(message, "Until it is fixed, it can't be used."),
  });
  let files;
  try {
    files = readdirSync(dir);
  } catch (error) {
    return isMissing(error)
      ? []
      : [fault(`${dir} cannot be listed (${errorCode(error) ?? "unknown error"}).`)];
  }
  return files.sort().flatMap((file): Finding[] => {
    // Of an editor, or of the system.
    if (file.startsWith(".") || file.endsWith("~")) return [];
    const unused = (why: string): Finding[] => [
      { about: what, text: `${dir}/${file} is not used: ${why}.`, note: true },
    ];
    const [, name = ""] = /^(.*)\.md$/su.exec(file.normalize("NFC")) ?? [];
    if (!isName(name)) return unused(nameWords);
    const why = hidden(name);
    if (why !== undefined) return unused(why);
    const read = texts.read(name);
    return read.kind === "refused" ? [fault(read.why)] : [];
  });
}

/** Reports which of the user's roles and prompts cannot be used. Everybody may read them. */
export function lookAtTexts({ config }: Places, platform: NodeJS.Platform): Report<DoctorDocument["files"]> {
  const folders = openTextFolders(config);
  const looked = kinds.map((kind) => {
    const texts = folders[kind.what];
    const found = safely(kind.what, texts.dir, platform);
    const problems = problemsOf(kind, texts);
    const isWhole = !problems.some(({ fault }) => fault);
    const findings = isWhole ? [{ about: kind.what, text: atPath(found) }, ...problems] : problems;
    return { found, findings };
  });
  return {
    title: "Files",
    findings: looked.flatMap(({ findings }) => findings),
    document: looked.map(({ found }) => found),
  };
}
