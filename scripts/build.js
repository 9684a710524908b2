// Builds dist/ from src/: one bundle with code splitting, so that a command loads only what it needs. It contains every
// package: nothing is loaded from node_modules. And what browsers get, and the manual page, from the program's own tables.
// `node scripts/build.js --watch` keeps building.
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { asCommonJs } from "./as-common-js.js";
import { oneCore } from "./one-core.js";
import { writeOpenApi } from "./openapi.js";
import { buildPages } from "./pages.js";
import { withStandIns } from "./stand-ins.js";

const { build, context } = await import("esbuild").catch(() => {
  console.error(
    "The build needs the packages of package-lock.json. Run `npm ci`, which installs them and builds.",
  );
  process.exit(1);
});

/** @type {import("./one-core.js").Group[]} */
const groups = [
  {
    // What every command loads, and what is small and shared by many.
    by: /^/,
    together: [
      "src/cli/main.ts",
      "src/cli/connection/chosen-server.ts",
      "src/cli/connection/dispatcher.ts",
      "src/cli/connection/server-config.ts",
      "src/client/http/ask-again.ts",
      "src/client/http/offer.ts",
      "src/client/http/token.ts",
      "src/client/new-login.ts",
      "src/protocol/chat-limits.ts",
      "src/protocol/cut-words.ts",
      "src/protocol/images.ts",
      "src/protocol/password-rules.ts",
      "src/protocol/username-rules.ts",
      "src/text/command-words.ts",
      "src/text/duration.ts",
      "src/text/grant-words.ts",
      "src/text/numbers.ts",
      "src/text/parse-url.ts",
      "src/text/whole-characters.ts",
      "src/tui/terminal/suspend.ts",
    ],
  },
  {
    // What reads conversations.
    by: /\/(commands\/(ask|chat|completion\/complete|conversations)|client\/files|tui\/(app|composer|plain))\b/,
    together: [
      "src/cli/io/answer-writer.ts",
      "src/client/conversations/conversations.ts",
      "src/client/conversations/export.ts",
      "src/client/conversations/history.ts",
      "src/client/conversations/words.ts",
    ],
  },
  {
    // What asks questions.
    by: /\/(commands\/(ask|chat)|client\/files|tui\/(app|composer|plain))\b/,
    together: [
      "src/cli/commands/chat/beginning.ts",
      "src/cli/connection/asked-model.ts",
      "src/cli/connection/asked-role.ts",
      "src/client/files/fenced.ts",
      "src/client/files/named-file.ts",
      "src/session/exchange.ts",
      "src/session/model.ts",
      "src/session/repeat.ts",
      "src/session/sent-images.ts",
      "src/session/thread.ts",
    ],
  },
  {
    // A session, drawn or in lines.
    by: /\/tui\/(app|composer|plain)\b/,
    together: [
      "src/session/commands.ts",
      "src/session/create-session.ts",
      "src/tui/session-options.ts",
      "src/tui/status-line.ts",
    ],
  },
  { by: /\/tui\/(app|composer)\b/, together: ["src/tui/app/run-app.ts"] },
];

/**
 * zod's messages in English alone: the others are half of the package, and nothing chooses them.
 * @type {import("esbuild").Plugin}
 */
const englishZod = {
  name: "english-zod",
  setup: (bundle) =>
    bundle.onResolve({ filter: /^\.\.\/locales\/index\.js$/ }, ({ resolveDir }) => ({
      path: join(resolveDir, "../locales/en.js"),
    })),
};

/**
 * For the manual page, which needs the tables of the commands and not their code.
 * @type {import("esbuild").Plugin}
 */
const noMore = {
  name: "no-more",
  setup: (bundle) =>
    bundle.onResolve({ filter: /^/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    ),
};

/** @type {import("esbuild").BuildOptions} */
const options = {
  entryPoints: {
    main: "src/cli/main.ts",
    // Files of worker threads. piscina looks for its own in the folder of the code that starts it.
    "bcrypt-worker": "src/server/auth/bcrypt-worker.js",
    "checkpoint-worker": "src/server/stores/json/checkpoint-worker.ts",
    worker: "node_modules/piscina/dist/worker.js",
  },
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  // Names stay: stack traces need them, and some packages read them. Short lines keep the places in stack traces apart.
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 200,
  legalComments: "none",
  // The scripts of `completion`.
  loader: { ".bash": "text", ".zsh": "text", ".fish": "text" },
  logLevel: "warning",
  define: {
    "process.env.NODE_ENV": '"production"',
    "process.env.DEV": '"false"',
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
  },
  // Ink under CI=true prints only its last frame (docs/session.md#ci): whether we are interactive is our decision.
  alias: { "is-in-ci": "./src/tui/not-in-ci.ts" },
  plugins: [
    withStandIns,
    englishZod,
    oneCore({ folder: "src", groups, others: ["src/cli/main.ts"] }),
    asCommonJs,
  ],
  write: false,
  // Never loaded: Ink's for developers, a faster pg, and the priority of threads. The last two are native code.
  external: ["react-devtools-core", "ws", "pg-native", "@napi-rs/nice"],
};

/**
 * Builds the program into the folder `outdir`, with or without source maps. Returns what esbuild tells of it.
 * @param {string} outdir
 * @param {{ sourcemap: boolean }} how
 */
export const bundle = async (outdir, { sourcemap }) =>
  (await build({ ...options, outdir, sourcemap, metafile: true })).metafile;

/**
 * Writes the manual page ai-chat.1 into the folder `to`. SOURCE_DATE_EPOCH makes two builds alike.
 * @param {string} to
 */
export async function writeManual(to) {
  await mkdir(to, { recursive: true });
  // Not .js: in dist/ that would be CommonJS.
  const script = join(to, "man-page.mjs");
  await build({
    ...options,
    entryPoints: ["scripts/man-page.ts"],
    outfile: script,
    splitting: false,
    plugins: [noMore],
    write: true,
  });
  const { manPage } = await import(pathToFileURL(script).href);
  await rm(script);
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  const { SOURCE_DATE_EPOCH: seconds } = process.env;
  const date = new Date(seconds ? Number(seconds) * 1000 : Date.now()).toISOString().slice(0, 10);
  await writeFile(join(to, "ai-chat.1"), manPage({ version, date }));
}

/** Removes what an earlier build left. Afterwards, not before: a program that runs meanwhile finds its pieces. */
async function sweep(/** @type {string[]} */ built) {
  const kept = new Set(built.map((path) => basename(path)));
  const stale = (await readdir("dist")).filter(
    (name) => /\.js(\.map)?$/.test(name) && !kept.has(name.replace(/\.map$/, "")),
  );
  await Promise.all(stale.map((name) => rm(join("dist", name))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--watch"))
    await (await context({ ...options, outdir: "dist", sourcemap: true, logLevel: "info" })).watch();
  else {
    await sweep(Object.keys((await bundle("dist", { sourcemap: true })).outputs));
    await buildPages("dist/page");
    await writeOpenApi("dist");
    await writeManual("man");
  }
}
