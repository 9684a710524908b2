// For esbuild: what is always loaded together becomes one file. With code splitting esbuild gives each set of modules that is
// reached by the same entry points and dynamic imports a file, which made 30 of them for a short command, and each costs
// about half a millisecond. If every dynamic import that reaches a part of a group reaches all of it, its modules have one set.
import { readFile, readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/**
 * Files that are loaded together: `by` says which of the files that are imported dynamically load them.
 * @typedef {{ together: string[], by: RegExp }} Group
 */

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
 * @param {{ folder: string, groups: Group[], others: string[] }} files Where the sources are, what is loaded together, and
 *   the entry points that share modules with the dynamic imports.
 * @returns {import("esbuild").Plugin}
 */
export const oneCore = ({ folder, groups, others }) => ({
  name: "one-core",
  async setup(bundle) {
    const later = new Set([...(await importedLater(folder)), ...others.map((path) => resolve(path))]);
    bundle.onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
      if (!later.has(path)) return undefined;
      const text = await readFile(path, "utf8");
      const imports = groups
        .filter(({ by }) => by.test(path.replaceAll("\\", "/")))
        .flatMap(({ together }) => together.map((file) => `import ${JSON.stringify(resolve(file))};`));
      // At the end, so that the lines of the source map stay right.
      return { contents: `${text}\n${imports.join("\n")}\n`, loader: path.endsWith("x") ? "tsx" : "ts" };
    });
  },
});
