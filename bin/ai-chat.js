#!/usr/bin/env node
// Refuses a Node that is too old before newer syntax is parsed, then loads the built program.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

/** Prints the version without loading the program. False if it cannot be printed: the program then says why. */
function printVersion() {
  try {
    // An import would also load what fs has of streams, 5 ms.
    const { readFileSync, writeFileSync } = process.getBuiltinModule("node:fs");
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    writeFileSync(1, `${version}\n`);
    return true;
  } catch {
    return false;
  }
}

/** Keeps compiled code for the next start (docs/cli.md#files). Node has this from 22.1; without it the start is slower. */
function keepCompiled() {
  const { enableCompileCache } =
    /** @type {typeof import("node:module") & { enableCompileCache?: (folder: string) => unknown }} */ (
      process.getBuiltinModule("node:module")
    );
  const { HOME = "", XDG_CACHE_HOME = "" } = process.env;
  const base = XDG_CACHE_HOME.startsWith("/") ? XDG_CACHE_HOME : HOME.startsWith("/") && `${HOME}/.cache`;
  if (enableCompileCache === undefined || base === false) return;
  try {
    // Only this one folder, because Node makes all above it, which never ends below /proc.
    process.getBuiltinModule("node:fs").mkdirSync(`${base}/ai-chat`, { mode: 0o700 });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") return;
  }
  enableCompileCache(`${base}/ai-chat`);
}

async function runProgram() {
  keepCompiled();
  const program = await import(new URL("../dist/main.js", import.meta.url).href).catch(
    (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code !== "ERR_MODULE_NOT_FOUND" || !error.message.includes("main.js")) throw error;
      console.error("ai-chat is not built yet.");
      console.error("Run `npm run build` in its folder, then try again.");
      process.exitCode = 1;
    },
  );
  await program?.main();
}

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`ai-chat needs Node 20.19 or newer; this is ${process.versions.node}.`);
  console.error("Install a current Node, for instance from https://nodejs.org, and try again.");
  process.exitCode = 1;
} else if (process.argv.length !== 3 || !/^(-V|--version)$/.test(process.argv[2] ?? "") || !printVersion()) {
  await runProgram();
}
