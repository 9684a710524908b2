import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const source = (/** @type {string} */ path) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

/**
 * Creates a data folder with that many accounts by the store's code.
 * @param {number} accounts
 * @returns {Promise<{ path: string, remove(): Promise<void> }>}
 */
export async function folderWith(accounts) {
  const path = await mkdtemp(join(tmpdir(), "ai-chat-bench-"));
  const module = fileURLToPath(new URL("../../node_modules/.cache/bench/store.mjs", import.meta.url));
  await build({
    entryPoints: [source("server/stores/json/store.ts")],
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  const { openJsonStore } = await import(pathToFileURL(module).href);
  const store = await openJsonStore({ dir: path, warn: console.error });
  const passwordHash = `$2b$12$${"x".repeat(53)}`;
  for (let first = 0; first < accounts; first += 10_000) {
    const names = Array.from({ length: Math.min(10_000, accounts - first) }, (_, i) => `user${first + i}`);
    await Promise.all(
      names.map((/** @type {string} */ name) => store.accounts.create({ name, passwordHash, tokens: 4000 })),
    );
  }
  await store.close();
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
