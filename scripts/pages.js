// Builds what a browser gets from a server: the page of src/page/, and the description of the API.
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

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
  await writeFile(join(to, "docs.html"), "<!doctype html>\n<title>ai-chat: the API</title>\n");
  await writeFile(join(to, "docs.css"), "");
  return metafile;
}
