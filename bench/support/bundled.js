import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** A module of test/support, by its name. @param {string} name */
export async function bundled(name) {
  const outfile = here(`../../node_modules/.cache/bench/${name}.mjs`);
  await build({
    entryPoints: [here(`../../test/support/${name}.ts`)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  return import(pathToFileURL(outfile).href);
}
