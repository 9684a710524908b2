import { setFlagsFromString } from "node:v8";

let isLimited = false;

/**
 * Stops V8 in Node 20 from optimizing undici's WebAssembly HTTP parser. V8 counts its one large function as hot after a
 * single reply (newer versions wait seven times longer). Optimizing takes a third of a short command's CPU time, and
 * the process cannot exit before it is done. Call it before the first connection. `serve` does not call it, because a
 * long-running process gains from optimization.
 */
export function limitParserOptimization(): void {
  isLimited = process.versions.node.startsWith("20.");
}

/**
 * Compiles the parser; the build has undici call it (`scripts/stand-ins.js`). The limit is a flag of V8, which refuses
 * code that was compiled under other flags (`bin/load.js`), so it is as before afterwards.
 */
export function compileParser<T>(compile: () => T): T {
  if (!isLimited) return compile();
  setFlagsFromString("--wasm-tiering-budget=1000000000");
  const compiled = compile();
  setFlagsFromString("--wasm-tiering-budget=1800000");
  return compiled;
}
