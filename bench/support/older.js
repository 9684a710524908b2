import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { newFolder } from "./endings.js";
import { OURS } from "./programs.js";

/**
 * Builds a commit of this repository in a temporary folder; with our packages, if it uses the same.
 * @param {string} commit
 */
export async function buildOlder(commit) {
  const root = newFolder();
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync("git", args, { cwd: OURS, maxBuffer: 2 ** 30 });
  const name = git("rev-parse", "--short", `${commit}^{commit}`).toString().trim();
  execFileSync("tar", ["-x", "-C", root], { input: git("archive", name) });
  const lockOf = (/** @type {string} */ folder) => readFileSync(join(folder, "package-lock.json"), "utf8");
  const run = (/** @type {string[]} */ ...args) =>
    execFileSync("npm", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  if (lockOf(root) === lockOf(OURS)) symlinkSync(join(OURS, "node_modules"), join(root, "node_modules"));
  else run("ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund");
  run("run", "--silent", "build");
  return { root, name: `commit ${name}` };
}
