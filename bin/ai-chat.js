#!/usr/bin/env node
// Refuses a Node that is too old before newer syntax is parsed, then loads the built program.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`ai-chat needs Node 20.19 or newer; this is ${process.versions.node}.`);
  console.error("Install a current Node, for instance from https://nodejs.org, and try again.");
  process.exitCode = 1;
} else {
  await import(new URL("../dist/main.js", import.meta.url).href).catch(
    (/** @type {NodeJS.ErrnoException} */ error) => {
      if (error.code !== "ERR_MODULE_NOT_FOUND" || !error.message.includes("main.js")) throw error;
      console.error("ai-chat is not built yet.");
      console.error("Run `npm run build` in its folder, then try again.");
      process.exitCode = 1;
    },
  );
}
