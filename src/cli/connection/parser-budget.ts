import { setFlagsFromString } from "node:v8";

/**
 * Stops V8 in Node 20 from optimizing undici's WebAssembly HTTP parser. V8 counts its one large function as hot after a
 * single reply (newer versions wait seven times longer). Optimizing takes a third of a short command's CPU time, and
 * the process cannot exit before it is done. Call it before the first connection. `serve` does not call it, because a
 * long-running process gains from optimization.
 */
export function limitParserOptimization(): void {
  if (process.versions.node.startsWith("20.")) setFlagsFromString("--wasm-tiering-budget=1000000000");
}
