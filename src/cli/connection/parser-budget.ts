import { setFlagsFromString } from "node:v8";

/**
 * Keeps the V8 of Node 20 from optimizing undici's HTTP parser, whose one large function of WebAssembly counts as hot
 * there after a single reply (later ones wait seven times longer): a third of what a short command computes, and the
 * program can't end before it is done. To be called before the first connection; not by `serve`, which parses for days.
 */
export function spareParser(): void {
  if (process.versions.node.startsWith("20.")) setFlagsFromString("--wasm-tiering-budget=1000000000");
}
