// Writes the package for npm to dist/package/ and packs it: the program with every package in it, so that installing it
// installs nothing else. `node scripts/package.js FOLDER` writes to another folder than dist/.
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { bundle, writeManual } from "./build.js";
import { thirdPartyNotices } from "./notices.js";
import { writeOpenApi } from "./openapi.js";
import { buildPages } from "./pages.js";

/** What the package may weigh, in bytes. */
const MOST = { unpacked: 6_500_000, packed: 1_750_000 };

/** What of package.json is about building and not about the package. */
const OF_REPOSITORY = new Set(["files", "scripts", "dependencies", "devDependencies"]);

const folder = resolve(process.argv[2] ?? "dist");
const to = join(folder, "package");
await rm(to, { recursive: true, force: true });
await mkdir(to, { recursive: true });

const built = await bundle(join(to, "dist"), { sourcemap: false });
const pages = await buildPages(join(to, "dist", "page"));
await writeOpenApi(join(to, "dist"));
await writeManual(join(to, "man"));
for (const path of ["bin", "ops", "schema", "README.md", "CHANGELOG.md", "LICENSE"])
  await cp(path, join(to, path), { recursive: true });
await writeFile(
  join(to, "THIRD-PARTY-NOTICES"),
  await thirdPartyNotices({ outputs: { ...built.outputs, ...pages.outputs } }),
);
const root = JSON.parse(await readFile("package.json", "utf8"));
const own = Object.fromEntries(Object.entries(root).filter(([field]) => !OF_REPOSITORY.has(field)));
await writeFile(join(to, "package.json"), `${JSON.stringify(own, undefined, 2)}\n`);

execFileSync("npm", ["pack", to, "--pack-destination", folder, "--loglevel=error", "--no-update-notifier"], {
  stdio: ["ignore", "ignore", "inherit"],
  shell: process.platform === "win32",
});
const tarball = join(folder, `${root.name}-${root.version}.tgz`);
const entries = await readdir(to, { recursive: true, withFileTypes: true });
const sizes = entries.map(async (entry) =>
  entry.isFile() ? (await stat(join(entry.parentPath, entry.name))).size : 0,
);
const size = {
  unpacked: (await Promise.all(sizes)).reduce((sum, each) => sum + each, 0),
  packed: (await stat(tarball)).size,
};
const shown = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
console.log(`${tarball}: ${shown(size.packed)} packed, ${shown(size.unpacked)} unpacked`);
if (size.unpacked > MOST.unpacked || size.packed > MOST.packed) {
  console.error(`At most ${shown(MOST.packed)} packed and ${shown(MOST.unpacked)} unpacked are allowed.`);
  process.exitCode = 1;
}
