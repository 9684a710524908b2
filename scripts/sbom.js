// Writes dist/sbom.json, or the file that is named: every package of package-lock.json, for all systems, as CycloneDX. Fails if one of them has a
// licence that is not allowed here. It needs no network.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Licences that a package may have, by SPDX's names: of all packages, and of those that only build or test. */
const ALLOWED = {
  all: ["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"],
  development: ["MPL-2.0", "PSF-2.0"],
};

/**
 * @typedef {{ license: { id?: string, name?: string } } | { expression: string }} Licence
 * @typedef {{ name: string, version: string, licenses?: Licence[], properties?: { name: string, value: string }[] }} Component
 */

/** @param {Licence} licence */
const nameOf = (licence) =>
  "expression" in licence ? licence.expression : (licence.license.id ?? licence.license.name ?? "");

/**
 * The packages whose licence is not allowed, as `name version: licence`. Of `(A OR B)` one is enough.
 * @param {{ components: Component[] }} sbom
 */
export function refusedLicences({ components }) {
  return components.flatMap(({ name, version, licenses = [], properties = [] }) => {
    const development = properties.some((property) => property.name === "cdx:npm:package:development");
    const allowed = new Set([...ALLOWED.all, ...(development ? ALLOWED.development : [])]);
    const names = licenses.map(nameOf);
    const isAllowed = (/** @type {string} */ expression) =>
      expression
        .replace(/^\((.*)\)$/, "$1")
        .split(" OR ")
        .some((one) => allowed.has(one));
    if (names.length > 0 && names.every(isAllowed)) return [];
    return [`${name} ${version}: ${names.join(", ") || "no licence"}`];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = ["--sbom-format=cyclonedx", "--sbom-type=application", "--package-lock-only"];
  const text = execFileSync("npm", ["sbom", ...options, "--no-update-notifier"], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  const sbom = JSON.parse(text);
  // npm gives it the name of the folder.
  sbom.metadata.component.name = JSON.parse(await readFile("package.json", "utf8")).name;
  const to = process.argv[2] ?? "dist/sbom.json";
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, `${JSON.stringify(sbom, undefined, 2)}\n`);
  const refused = refusedLicences(sbom);
  for (const line of refused) console.error(line);
  if (refused.length > 0) {
    console.error("These licences are not allowed. Use other packages, or add them in scripts/sbom.js.");
    process.exitCode = 1;
  } else console.log(`${to}: ${sbom.components.length} packages, each with a licence that is allowed.`);
}
