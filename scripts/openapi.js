// Makes the OpenAPI document of the server's API from the program's own tables (docs/http-api.md#openapi).
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The document. */
export async function openApi() {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    entryPoints: ["src/server/http/openapi/document.ts"],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
  });
  const [bundled] = outputFiles;
  const script = `data:text/javascript;base64,${Buffer.from(bundled?.contents ?? []).toString("base64")}`;
  const { openApiDocument } = await import(script);
  const { version, homepage } = JSON.parse(await readFile("package.json", "utf8"));
  return openApiDocument({ version, repository: homepage.replace(/#.*/, "") });
}

/**
 * Writes openapi.json into the folder `to`.
 * @param {string} to
 */
export async function writeOpenApi(to) {
  await mkdir(to, { recursive: true });
  await writeFile(join(to, "openapi.json"), `${JSON.stringify(await openApi())}\n`);
}
