import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Home } from "./run-program.ts";

/** What a run of the program loaded and opened. */
export interface Loaded {
  /** The files of the program, and all of them in bytes. */
  files: number;
  bytes: number;
  /** The packages that are in those files. */
  packages: string[];
  /** Every opening of another file. */
  opened: string[];
  /** The modules of Node. */
  ofNode: string[];
}

/** Runs in the program before it. What it opens for reading or writing goes through these functions of `fs`. */
const source = (report: string) => `
  const fs = require("node:fs");
  const opened = [];
  const watch = (holder, name) => {
    const original = holder[name];
    holder[name] = function (path, ...rest) {
      if (typeof path === "string") opened.push(path);
      return original.call(this, path, ...rest);
    };
  };
  const write = fs.writeFileSync;
  const { promises } = fs;
  for (const name of ["open", "openSync", "readFile", "readFileSync", "writeFileSync", "appendFileSync"]) watch(fs, name);
  for (const name of ["open", "readFile", "writeFile", "appendFile"]) watch(promises, name);
  process.on("exit", () => write(${JSON.stringify(report)}, JSON.stringify({ opened, ofNode: process.moduleLoadList })));
`;

/** An environment in which the program reports what it loads, and what reads the report after its end. */
export async function watchLoading(
  home: Home,
): Promise<{ env: Record<string, string>; loaded: () => Promise<Loaded> }> {
  const [preloaded, report] = [join(home.dir, "watch.cjs"), join(home.dir, "loaded.json")];
  await writeFile(preloaded, source(report));
  return {
    // Without compiled code: whether it is there already depends on the other tests.
    env: { NODE_OPTIONS: `--require ${preloaded}`, XDG_CACHE_HOME: "" },
    loaded: async () => {
      const { opened, ofNode } = JSON.parse(await readFile(report, "utf8")) as Record<string, string[]>;
      const own = opened!.filter((path) => /[\\/]dist[\\/][^\\/]+\.js$/.test(path));
      const sizes = await Promise.all(own.map(async (path) => (await stat(path)).size));
      return {
        files: own.length,
        bytes: sizes.reduce((sum, size) => sum + size, 0),
        packages: await packagesIn(own),
        opened: opened!.filter((path) => !own.includes(path)),
        ofNode: ofNode!.map((name) => name.replace("NativeModule ", "")),
      };
    },
  };
}

/** The packages in files of the build, by their source maps. */
async function packagesIn(files: string[]): Promise<string[]> {
  const names = new Set<string>();
  for (const file of files) {
    const { sources } = JSON.parse(await readFile(`${file}.map`, "utf8")) as { sources: string[] };
    for (const path of sources) {
      const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
      if (name !== undefined) names.add(name);
    }
  }
  return [...names].toSorted();
}
