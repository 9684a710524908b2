// Builds dist/ from src/: one bundle with code splitting, so that a command loads only what it needs.
// And the manual page, from the program's own tables. `node scripts/build.js --watch` keeps building.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

/**
 * What of undici nearly every command uses; all of it where proxies are, which are loaded when they are set.
 * @type {import("esbuild").Plugin}
 */
const leanUndici = {
  name: "lean-undici",
  setup: (bundle) =>
    bundle.onResolve({ filter: /^undici$/ }, ({ importer }) =>
      importer.endsWith("proxies.ts")
        ? undefined
        : { path: fileURLToPath(new URL("../src/client/http/lean-undici.js", import.meta.url)) },
    ),
};

/** @type {import("esbuild").BuildOptions} */
const options = {
  entryPoints: ["src/cli/main.ts", "scripts/man-page.ts", "src/server/auth/bcrypt-worker.js"],
  outdir: "dist",
  entryNames: "[name]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  legalComments: "none",
  sourcemap: true,
  // The scripts of `completion`.
  loader: { ".bash": "text", ".zsh": "text", ".fish": "text" },
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"', "process.env.DEV": '"false"' },
  // Ink under CI=true prints only its last frame (docs/session.md#ci): whether we are interactive is our decision.
  alias: { "is-in-ci": "./src/tui/not-in-ci.ts" },
  plugins: [leanUndici],
  // What only the server needs is loaded from node_modules: it starts once, and workers resolve it there too.
  external: [
    "@koa/router",
    "bcryptjs",
    "jsonwebtoken",
    "koa",
    "koa-body",
    "lowdb",
    "openai",
    "pg",
    "pino",
    "piscina",
    "react-devtools-core",
    "zod",
  ],
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
};

/** Removes what an earlier build left. Afterwards, not before: a program that runs meanwhile finds its pieces. */
async function sweep(/** @type {string[]} */ built) {
  const kept = new Set(built.map((path) => basename(path)));
  const stale = (await readdir("dist")).filter((name) => !kept.has(name));
  await Promise.all(stale.map((name) => rm(`dist/${name}`, { recursive: true })));
}

/** Writes man/ai-chat.1, which the package carries; SOURCE_DATE_EPOCH makes two builds alike. */
async function writeManual() {
  const { manPage } = await import(new URL("../dist/man-page.js", import.meta.url).href);
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  const date = new Date(seconds ? Number(seconds) * 1000 : Date.now()).toISOString().slice(0, 10);
  await mkdir("man", { recursive: true });
  await writeFile("man/ai-chat.1", manPage({ version, date }));
}

if (process.argv.includes("--watch")) await (await context({ ...options, logLevel: "info" })).watch();
else {
  await sweep(Object.keys((await build({ ...options, metafile: true })).metafile.outputs));
  await writeManual();
}
