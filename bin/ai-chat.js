#!/usr/bin/env node
// Refuses a Node that is too old before newer syntax is parsed, then loads the built program. A session's echo cannot wait.
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

/** Keeps what is typed until the program is loaded, without echo. Returns its `EndReadAhead`. Every exit of Node restores. */
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
  stdin.on("data", keep).unref();
  // At this signal Node does not restore the terminal.
  process.on("SIGHUP", () => process.listenerCount("SIGHUP") > 1 || process.exit(129));
  return async (/** @type {{ echo: boolean }} */ { echo }) => {
    // Loading blocks: what was typed meanwhile is read between two turns of the event loop.
    if (echo) await new Promise((resolve) => setImmediate(setImmediate, resolve));
    stdin.off("data", keep).pause().ref();
    if (echo) stdin.setRawMode(false);
    const bytes = Buffer.from(echo ? kept.replaceAll("\r", "\n") : kept, "latin1");
    if (echo) stdout.write(bytes);
    if (kept !== "" && !stdin.readableEnded) stdin.unshift(bytes);
  };
}

/** Whether argv means the drawn session, as far as that shows before the program is loaded. */
function isSession() {
  const { TERM, ACCESSIBLE } = process.env;
  const argv = process.argv.slice(2).join(" ");
  return TERM !== "dumb" && !ACCESSIBLE && /^($|(chat( |$)|-[cr])(?!.*--plain))/s.test(argv);
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
  const program = loadProgram();
  if (program) void program.main(endReadAhead);
  else void endReadAhead?.({ echo: true });
}
