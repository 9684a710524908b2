import { existsSync, realpathSync } from "node:fs";
import { posix, win32, type PlatformPath } from "node:path";
import { shellWord } from "../../text/shell-word.ts";

/** The program's command, and its package. */
const [COMMAND, PACKAGE] = ["ai-chat", "ai-chat-system"];

/** How this process was started, and where. */
export interface Started {
  /** argv[1]: a path, which Node has made absolute. */
  script: string;
  /** Path of the program's bundle, with symbolic links resolved. */
  program: string;
  cwd: string;
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
}

/** What is asked of the disk. */
export interface Disk {
  exists: (path: string) => boolean;
  /** With symbolic links resolved. */
  real: (path: string) => string;
}

/** A folder and all above it. */
function* upFrom(dir: string, path: PlatformPath): Generator<string> {
  yield dir;
  const above = path.dirname(dir);
  if (above !== dir) yield* upFrom(above, path);
}

/**
 * Whether `npx ai-chat` runs the package in `root` there. Otherwise npx would fetch a package of that name, which is
 * somebody else's. As npm 10 and 11 look for it: in the next package above, then in each node_modules/.bin above that.
 */
function npxRuns(root: string, cwd: string, path: PlatformPath, { exists, real }: Disk): boolean {
  const isPackage = (dir: string) =>
    ["package.json", "node_modules"].some((name) => exists(path.join(dir, name)));
  const prefix = [...upFrom(cwd, path)].find(isPackage) ?? cwd;
  const same = (one: string) => path.relative(one, root) === "";
  // In the folder of an installed package npx ends with an error.
  if (same(prefix)) return path.basename(path.dirname(root)) !== "node_modules";
  const modules = [...upFrom(prefix, path)].map((dir) => path.join(dir, "node_modules"));
  const found = modules.find((dir) => exists(path.join(dir, ".bin", COMMAND)));
  return found !== undefined && exists(path.join(found, PACKAGE)) && same(real(path.join(found, PACKAGE)));
}

/** The name of an installed command that the shell finds. */
function installedName({ script, env, platform }: Started, root: string, path: PlatformPath, disk: Disk) {
  const places = (env.PATH ?? "").split(path.delimiter).filter((dir) => path.isAbsolute(dir));
  const inPath = (dir: string) => places.some((place) => path.relative(place, dir) === "");
  const dir = path.dirname(script);
  // npm adds these folders to the PATH of its scripts; the shell of the user does not have them.
  const isOfNpm = path.basename(dir) === ".bin";
  if (!script.endsWith(".js") && !isOfNpm && inPath(dir)) return path.basename(script);
  // On Windows a command is a script that starts Node with the file in the package.
  const prefix = path.dirname(path.dirname(root));
  const isGlobal = platform === "win32" && inPath(prefix) && disk.exists(path.join(prefix, `${COMMAND}.cmd`));
  return isGlobal && path.basename(path.dirname(root)) === "node_modules" ? COMMAND : undefined;
}

/** A path that works in `cwd`: relative, if it is below. From the root of the disk it is as long as an absolute one. */
function shortest(to: string, cwd: string, path: PlatformPath): string {
  const way = path.relative(cwd, to);
  const isBelow = way !== "" && !way.startsWith("..") && !path.isAbsolute(way) && path.dirname(cwd) !== cwd;
  return isBelow ? way : to;
}

/**
 * The command that starts this program, for messages; it works in the folder where this process was started. `ai-chat`
 * if it is installed, `npx ai-chat-system` from npx's cache, `npx ai-chat` in a clone or a package that depends on it,
 * otherwise the path that was typed.
 */
export function commandName(
  started: Started,
  disk: Disk = { exists: existsSync, real: (path) => realpathSync(path) },
): string {
  const { script, program, cwd, platform } = started;
  const path = platform === "win32" ? win32 : posix;
  const isCached = (file: string) => file.split(path.sep).includes("_npx");
  const root = path.dirname(path.dirname(program));
  if (isCached(root)) return `npx ${PACKAGE}`;
  const installed = installedName(started, root, path, disk);
  if (installed !== undefined) return installed;
  if (npxRuns(root, cwd, path, disk)) return `npx ${COMMAND}`;
  const word = (text: string) =>
    platform === "win32" ? (/\s/.test(text) ? `"${text}"` : text) : shellWord(text);
  // `npx FOLDER` runs the folder's package from its cache.
  const typed = shortest(isCached(script) ? path.join(root, "bin", `${COMMAND}.js`) : script, cwd, path);
  if (typed.endsWith(".js") || platform === "win32") return `node ${word(typed)}`;
  return word(typed.includes(path.sep) ? typed : `.${path.sep}${typed}`);
}
