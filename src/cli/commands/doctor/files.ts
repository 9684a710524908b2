import { accessSync, constants, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { openCredentials } from "../../../client/kept/credentials.ts";
import type { Places } from "../../../client/kept/places.ts";
import { openSettings, settingNames } from "../../../client/kept/settings.ts";
import { shellWord } from "../../../text/shell-word.ts";
import { readKeysFile } from "../../io/own-keys.ts";
import type { DoctorDocument } from "./document.ts";
import { parseSetting } from "../../argv/settings-now.ts";
import { localFault, type Fault, type Finding, type Report } from "./finding.ts";

type FileDocument = DoctorDocument["files"][number];

const may = (path: string, how: number): boolean => {
  try {
    accessSync(path, how);
    return true;
  } catch {
    return false;
  }
};

/** The nearest parent folder that exists. */
function above(path: string): string {
  const parent = dirname(path);
  return parent === path || may(parent, constants.F_OK) ? parent : above(parent);
}

/** undefined if the path does not exist, including if one of its folders is a file. */
function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}

const canHold = (dir: string): boolean => statOf(dir)?.isDirectory() === true && may(dir, constants.W_OK);

function look(what: string, path: string | undefined, platform: NodeJS.Platform): FileDocument {
  const nothing = { what, path: path ?? null, exists: false, readable: null, writable: null, mode: null };
  if (path === undefined) return nothing;
  const stats = statOf(path);
  if (!stats) return { ...nothing, writable: canHold(above(path)) };
  return {
    what,
    path,
    exists: true,
    readable: may(path, constants.R_OK),
    writable: may(path, constants.W_OK),
    mode: platform === "win32" ? null : (stats.mode & 0o777).toString(8).padStart(4, "0"),
  };
}

function faultOf(
  { path, exists, readable, writable, mode }: FileDocument,
  isFolder: boolean,
): Fault | undefined {
  if (path === null) return localFault("There is no home folder to keep things in.", "Set HOME.");
  if (!exists && writable === false)
    return localFault(
      `${path} cannot be created: ${above(path)} is not a folder that you can write to.`,
      "Make it one, or name another by the XDG variables (see: help environment).",
    );
  if (!exists) return undefined;
  if (readable === false || writable === false)
    return localFault(
      `You may not ${readable === false ? "read" : "write"} ${path}.`,
      `Fix it: chmod u+rw${isFolder ? "x" : ""} ${shellWord(path)}`,
    );
  if (mode !== null && (Number.parseInt(mode, 8) & 0o077) !== 0)
    return localFault(
      `Others may look into ${path} (mode ${mode}).`,
      `Fix it: chmod ${isFolder ? 700 : 600} ${shellWord(path)}`,
    );
  return undefined;
}

/** Where it is, in words. */
export const atPath = ({ path, exists }: FileDocument): string =>
  path === null ? "nowhere" : exists ? path : `${path} (nothing there yet)`;

/** Counts a file as unreadable if inspecting it throws. */
export function safely(what: string, path: string | undefined, platform: NodeJS.Platform): FileDocument {
  try {
    return look(what, path, platform);
  } catch {
    return { what, path: path ?? null, exists: true, readable: false, writable: false, mode: null };
  }
}

/** Reports whether this user's files can be read and written, and by no other user. Changes nothing. */
export function lookAtFiles(places: Places, platform: NodeJS.Platform): Report<FileDocument[]> {
  const settings = openSettings({ dir: places.config, parse: parseSetting });
  const credentials = openCredentials({ dir: places.config });
  for (const name of settingNames) settings.get(name);
  credentials.list();
  const inside = (dir: string | undefined, name: string) => (dir === undefined ? undefined : join(dir, name));
  const rows: [what: string, path: string | undefined, isFolder: boolean, problem: string | undefined][] = [
    ["settings", settings.path, false, settings.problem],
    ["tokens", credentials.path, false, credentials.problem],
    ["conversations", inside(places.data, "conversations"), true, undefined],
    ["history", inside(places.state, "history.jsonl"), false, undefined],
    ["own server", places.server, true, undefined],
  ];
  const document: FileDocument[] = [];
  const findings = rows.map(([what, path, isFolder, problem]): Finding => {
    const found = safely(what, path, platform);
    document.push(found);
    const fault =
      faultOf(found, isFolder) ??
      (problem === undefined ? undefined : localFault(problem, "Until it is fixed, the file is ignored."));
    return { about: what, text: atPath(found), fault };
  });
  return { title: "Files", findings, document };
}

/** Reports what is wrong with `keys.json`, which only its user writes. Everybody may read it. */
export async function lookAtKeys(
  { config }: Places,
  platform: NodeJS.Platform,
): Promise<Report<FileDocument[]>> {
  const path = config === undefined ? undefined : join(config, "keys.json");
  const found = safely("keys", path, platform);
  const own = await readKeysFile(config);
  const rest =
    own?.keymap === undefined ? "Until it is fixed, the file is ignored." : "The rest of it holds.";
  const fault =
    own === undefined || own.faults.length === 0
      ? undefined
      : localFault(`${own.path}: ${own.faults.join(" ")}`, rest);
  return { title: "Files", findings: [{ about: "keys", text: atPath(found), fault }], document: [found] };
}
