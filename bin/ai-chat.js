#!/usr/bin/env node
// Refuses a Node that is too old before newer syntax is parsed, then loads the built program.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

/** Prints the version without loading the program. False if it cannot be printed: the program then says why. */
function printVersion() {
  try {
    const { readFileSync, writeFileSync } = require("node:fs");
    const { version } = JSON.parse(readFileSync(`${__dirname}/../package.json`, "utf8"));
    writeFileSync(1, `${version}\n`);
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps what is typed while the program loads, without echo (docs/session.md#typed-ahead). Returns the function that
 * ends it: what was typed goes to the next reader of stdin; with `echo`, also to the screen, and the terminal is as
 * before. Every exit of Node restores the terminal.
 */
function readAhead() {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  let kept = "";
  const keep = (/** @type {Buffer} */ chunk) => {
    kept += chunk.toString("latin1");
    // In raw mode Ctrl-C sends no signal.
    if (chunk.includes(3) && !process.emit("SIGINT", "SIGINT")) process.exit(130);
  };
  stdin.setRawMode(true);
  stdin.on("data", keep);
  stdin.unref();
  // Node itself restores the terminal at SIGINT and SIGTERM, but not at this signal.
  process.on("SIGHUP", () => process.listenerCount("SIGHUP") > 1 || process.exit(129));
  return (/** @type {{ echo: boolean }} */ { echo }) => {
    stdin.off("data", keep);
    stdin.pause();
    stdin.ref();
    if (echo) {
      stdin.setRawMode(false);
      kept = kept.replaceAll("\r", "\n");
    }
    const bytes = Buffer.from(kept, "latin1");
    if (echo) stdout.write(bytes);
    if (bytes.length > 0 && !stdin.readableEnded) stdin.unshift(bytes);
    kept = "";
  };
}

/** Whether argv means the drawn session, as far as that shows before the program is loaded. */
function isSession() {
  const { TERM, ACCESSIBLE } = process.env;
  if (TERM === "dumb" || ACCESSIBLE) return false;
  return /^(?:$|(?:chat(?: |$)|-[cr])(?!.*--plain))/s.test(process.argv.slice(2).join(" "));
}

/** The built program. Undefined, and said, if it is not built. */
function loadProgram() {
  try {
    return require("./load.js").load("main.js");
  } catch (error) {
    const { code, path = "" } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code !== "ENOENT" || !path.endsWith("main.js")) throw error;
    console.error("ai-chat is not built yet.");
    console.error("Run `npm run build` in its folder, then try again.");
    process.exitCode = 1;
    return undefined;
  }
}

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`ai-chat needs Node 20.19 or newer; this is ${process.versions.node}.`);
  console.error("Install a current Node, for instance from https://nodejs.org, and try again.");
  process.exitCode = 1;
} else if (process.argv.length !== 3 || !/^(-V|--version)$/.test(process.argv[2] ?? "") || !printVersion()) {
  const endReadAhead = isSession() ? readAhead() : undefined;
  void loadProgram()?.main(endReadAhead);
}
