import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const LICENCE = /^(licen[cs]e|copying|notice)/i;

/**
 * The licences of all packages of which something is in a bundle, as text. Throws if a package has none.
 * @param {Pick<import("esbuild").Metafile, "outputs">} built
 */
export async function thirdPartyNotices({ outputs }) {
  const paths = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
  );
  const folders = new Set(paths.flatMap((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []));
  /** @type {Map<string, string[]>} */
  const packagesOf = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const text = await licenceText(folder, name);
    packagesOf.set(text, [...(packagesOf.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const parts = [...packagesOf].map(([text, packages]) => `${packages.join("\n")}\n\n${text}\n`);
  return `ai-chat-system contains code of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/**
 * From the package's own files, else from its readme, else from scripts/licences/, where the text is kept for packages
 * that do not have it.
 * @param {string} folder
 * @param {string} name
 */
async function licenceText(folder, name) {
  const files = await readdir(folder);
  const own = files.filter((file) => LICENCE.test(file)).sort();
  if (own.length > 0) {
    const texts = own.map(async (file) => (await readFile(join(folder, file), "utf8")).trim());
    return (await Promise.all(texts)).join("\n\n");
  }
  const readme = files.find((file) => /^readme/i.test(file));
  const text = readme && (await readFile(join(folder, readme), "utf8"));
  const section = text && /^#+ *licen[cs]e\s+(.*permission is hereby granted.*)/ims.exec(text)?.[1];
  if (section) return section.trim();
  const kept = fileURLToPath(new URL(`licences/${name}.txt`, import.meta.url));
  return readFile(kept, "utf8").then(
    (text) => text.trim(),
    () => {
      throw new Error(
        `The package ${name} has no licence text. If its licence allows it, put the text into ${kept}.`,
      );
    },
  );
}
