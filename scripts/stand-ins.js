// For esbuild: replaces modules that cost much at the start and of which little or nothing is used.
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
  { module: /^(node:)?process$/, by: /./, path: here("stand-ins/process.cjs") },
];

/** @type {import("esbuild").Plugin} */
export const withStandIns = {
  name: "stand-ins",
  setup(bundle) {
    for (const { module, by, path } of standIns)
      bundle.onResolve({ filter: module }, ({ importer }) => (by.test(importer) ? { path } : undefined));
  },
};
