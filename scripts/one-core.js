// For esbuild: what the program always loads becomes one file. With code splitting esbuild gives each set of modules
// that is reached by the same entry points and dynamic imports a file, which made 30 of them for a short command, and
// each costs about half a millisecond. If every dynamic import reaches all of the core, its modules have one set.
import { readFile, readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** The files below `folder` that other files there import dynamically, as absolute paths. */
async function importedLater(/** @type {string} */ folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  const found = names.map(async (name) => {
    const path = join(folder, name);
    const text = await readFile(path, "utf8");
    return [...text.matchAll(/\bimport\("(\.[^"]+\.tsx?)"\)/g)].map((match) =>
      resolve(dirname(path), match[1] ?? ""),
    );
  });
  return (await Promise.all(found)).flat();
}

/**
 * @param {{ folder: string, core: string[], others: string[] }} files Where the sources are, the files that import all of
 *   the core, and the other entry points that share modules with it.
 * @returns {import("esbuild").Plugin}
 */
export const oneCore = ({ folder, core, others }) => ({
  name: "one-core",
  async setup(bundle) {
    const later = new Set([...(await importedLater(folder)), ...others.map((path) => resolve(path))]);
    const imports = core.map((path) => `import ${JSON.stringify(resolve(path))};`).join("\n");
    bundle.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      if (!later.has(path)) return undefined;
      const text = await readFile(path, "utf8");
      // At the end, so that the lines of the source map stay right.
      return { contents: `${text}\n${imports}\n`, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
});
