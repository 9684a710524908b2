// Builds what a browser gets from a server: the page of src/page/, and the API for people (scripts/docs/).
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { docsPage } from "./docs/page.js";
import { openApi } from "./openapi.js";

/** Browsers of the last two years. */
const target = ["chrome131", "firefox133", "safari18.2"];

/**
 * Writes the files of `src/server/http/pages/open.ts` to the folder `to`. Returns what esbuild tells of them.
 * @param {string} to
 */
export async function buildPages(to) {
  await mkdir(to, { recursive: true });
  const { build } = await import("esbuild");
  const { metafile } = await build({
    entryPoints: { page: "src/page/page.ts", style: "src/page/page.css" },
    entryNames: "page",
    outdir: to,
    bundle: true,
    minify: true,
    format: "esm",
    target,
    legalComments: "none",
    charset: "utf8",
    metafile: true,
    logLevel: "warning",
  });
  await cp("src/page/index.html", join(to, "index.html"));
  await cp("scripts/docs/docs.css", join(to, "docs.css"));
  await writeFile(join(to, "docs.html"), docsPage(await openApi()));
  return metafile;
}
