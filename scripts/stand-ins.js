// For esbuild: replaces modules that cost much at the start and of which little or nothing is used.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A path below this folder. */
const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** `by` tells by the importing file whether a module is replaced; default: always. */
const standIns = [
  {
    module: /^undici$/,
    // Proxies need more of undici, and are loaded only when they are set.
    by: /^(?!.*\/proxies\.ts$)/,
    path: here("../src/client/http/lean-undici.js"),
  },
  { module: /^node:http$/, by: /\/undici\/lib\/(core|dispatcher)\//, path: here("stand-ins/http.cjs") },
  { module: /^node:http2$/, by: /\/undici\//, path: here("stand-ins/no-http2.cjs") },
  // Of forms and blobs as bodies.
  { module: /\/web\/fetch\/body\.js$/, by: /\/client-h[12]\.js$/, path: here("stand-ins/unused.cjs") },
  // Of commands that are programs of their own.
  { module: /^node:child_process$/, by: /\/commander\//, path: here("stand-ins/unused.cjs") },
  { module: /^node:child_process$/, by: /\/terminal-size\//, path: here("stand-ins/child-process.cjs") },
  { module: /^(node:)?process$/, by: /./, path: here("stand-ins/process.cjs") },
];

const lazySegmenter = `import { segmenter as lazySegmenter } from ${JSON.stringify(here("../src/tui/terminal/segmenter.ts"))};`;
const lazyEmoji = `import { rgiEmoji as lazyEmoji } from ${JSON.stringify(here("../src/tui/terminal/emoji.ts"))};`;

/** Edits of packages, most of which make at their start what takes long to make: there, `text` becomes `by`. */
const edits = [
  {
    file: /\/(string-width\/index|slice-ansi\/tokenize-ansi|ansi-tokenize\/build\/tokenize)\.js$/,
    text: /new Intl\.Segmenter\([^)]*\)/,
    by: "lazySegmenter",
    begin: lazySegmenter,
  },
  {
    file: /(?<!wrap-ansi)\/node_modules\/string-width\/index\.js$/,
    text: "/^\\p{RGI_Emoji}$/v",
    by: "lazyEmoji",
    begin: lazyEmoji,
  },
  {
    // With `fetch`, which Node then loads (50 ms), it reads the WebAssembly in its text as a `data:` URL; without, as
    // base64.
    file: /\/yoga-wasm-base64-esm\.js$/,
    text: /^/,
    by: "const fetch = undefined;",
    begin: "",
  },
  {
    file: /\/undici\/lib\/dispatcher\/client-h1\.js$/,
    text: "llhttpInstance = lazyllhttp()",
    by: "llhttpInstance = compileParser(lazyllhttp)",
    begin: `const { compileParser } = require(${JSON.stringify(here("../src/client/http/parser-budget.ts"))});`,
  },
  {
    // Without HOME and an entry of the user in the system's list it throws, and src/client/kept/places.ts uses none of it.
    file: /\/env-paths\/index\.js$/,
    text: "const homedir = os.homedir();",
    by: 'let homedir = ""; try { homedir = os.homedir(); } catch {}',
    begin: "",
  },
  // CommonJS has no top-level await.
  {
    file: /\/yoga-layout\/dist\/src\/index\.js$/,
    text: "const Yoga = wrapAssembly(await loadYoga());",
    by: "const Yoga = {}; layout.loaded = loadYoga().then((lib) => Object.assign(Yoga, wrapAssembly(lib)));",
    begin: `import { layout } from ${JSON.stringify(here("../src/tui/app/ink-layout.ts"))};`,
  },
  // Of its development build.
  { file: /\/ink\/build\/reconciler\.js$/, text: /isDev\(\)/g, by: "false", begin: "" },
];

/** The text of a package's file, edited. */
async function edited(/** @type {string} */ path) {
  let contents = await readFile(path, "utf8");
  for (const { file, text, by, begin } of edits) {
    if (!file.test(path)) continue;
    const before = contents;
    contents = begin + contents.replace(text, by);
    if (contents === begin + before) throw new Error(`${path} does not contain ${text}`);
  }
  return { contents };
}

/** @type {import("esbuild").Plugin} */
export const withStandIns = {
  name: "stand-ins",
  setup(bundle) {
    for (const { module, by, path } of standIns)
      bundle.onResolve({ filter: module }, ({ importer }) => (by.test(importer) ? { path } : undefined));
    bundle.onLoad(
      { filter: /\/(env-paths|string-width|slice-ansi|ansi-tokenize|yoga-layout|ink|undici)\/.*\.js$/ },
      ({ path }) => (edits.some(({ file }) => file.test(path)) ? edited(path) : undefined),
    );
  },
};
