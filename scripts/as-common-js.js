// For esbuild: writes the bundle as CommonJS. Node loads that in less time than ES modules, and at once, but esbuild splits
// only ES modules: each of its files is translated.
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

/** @type {import("esbuild").Plugin} */
export const asCommonJs = {
  name: "as-common-js",
  setup(bundle) {
    const { esbuild, initialOptions } = bundle;
    const { outdir = "", sourcemap, target, minifyWhitespace, minifySyntax, lineLimit } = initialOptions;
    // So that a file has its own map in it when it is translated.
    initialOptions.sourcemap = sourcemap && "inline";
    /** @param {import("esbuild").OutputFile} file */
    const translate = async ({ path, text }) => {
      const { code, map } = await esbuild.transform(text, {
        format: "cjs",
        // "node" would add the names of the exports for ES modules that import these files. None does.
        platform: "neutral",
        // An `import()` becomes a `require` in a later tick.
        supported: { "dynamic-import": false },
        sourcemap: sourcemap && "external",
        sourcefile: basename(path),
        legalComments: "none",
        target,
        minifyWhitespace,
        minifySyntax,
        lineLimit,
      });
      if (sourcemap) await writeFile(`${path}.map`, map);
      await writeFile(path, sourcemap ? `${code}//# sourceMappingURL=${basename(path)}.map\n` : code);
    };
    bundle.onEnd(async ({ outputFiles = [] }) => {
      await mkdir(outdir, { recursive: true });
      await writeFile(join(outdir, "package.json"), '{ "type": "commonjs" }\n');
      await Promise.all(outputFiles.map(translate));
    });
  },
};
