// Loads the built program, and keeps its compiled code for the next start (docs/cli.md#files), which saves a quarter of
// the session's start. Node's own cache (module.enableCompileCache) begins with 22.1.
const fs = require("node:fs");
const path = require("node:path");
const { Script } = require("node:vm");

const dist = path.join(__dirname, "..", "dist");
/** @type {Map<string, { exports: any }>} */
const modules = new Map();
/** What was compiled at this start, by the path where its code is kept. @type {Map<string, Script>} */
const compiled = new Map();
const folder = cacheFolder();

/** The folder of compiled code, if there is a place for one that nobody else can write to. */
function cacheFolder() {
  const { HOME = "", XDG_CACHE_HOME = "" } = process.env;
  const base = XDG_CACHE_HOME.startsWith("/") ? XDG_CACHE_HOME : HOME.startsWith("/") && `${HOME}/.cache`;
  if (base === false || process.getuid === undefined) return undefined;
  const found = `${base}/ai-chat`;
  try {
    // Only this one folder: those above it belong to others.
    if (!fs.existsSync(found)) fs.mkdirSync(found, { mode: 0o700 });
    const { uid, mode } = fs.statSync(found);
    return uid === process.getuid() && (mode & 0o022) === 0 ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Kept code. Its file has it twice: V8 does not check what it reads, and one wrong byte can end the process.
 * @param {string} kept
 */
function readKept(kept) {
  const both = fs.readFileSync(kept);
  const code = both.subarray(0, both.length / 2);
  return code.equals(both.subarray(code.length)) ? code : undefined;
}

/**
 * The script of a file, from kept code if possible. Its name tells the version of V8, and after the @ the version of the
 * file; V8 itself refuses code of other options of its own, or that is too short.
 * @param {string} filename
 * @param {string} name
 */
function scriptOf(filename, name) {
  // The first line is ours.
  const source = `(function (exports, require, module, __filename, __dirname) {\n${fs.readFileSync(filename, "utf8")}\n})`;
  const options = { filename, lineOffset: -1 };
  if (folder === undefined) return new Script(source, options);
  const { ino, ctimeMs, size } = fs.statSync(filename);
  const kept = `${folder}/${name}-${process.versions.v8}-${process.arch}@${ino}-${ctimeMs}-${size}`;
  let cachedData;
  try {
    cachedData = readKept(kept);
  } catch {
    // Compiled now, kept at the end.
  }
  const script = new Script(source, { ...options, cachedData });
  if (script.cachedDataRejected !== false) compiled.set(kept, script);
  return script;
}

/** A file of dist/, as `require` there. @param {string} name */
function load(name) {
  const known = modules.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  modules.set(name, module);
  const filename = path.join(dist, name);
  const requireHere = (/** @type {string} */ id) => (id.startsWith("./") ? load(id.slice(2)) : require(id));
  try {
    scriptOf(filename, name).runInThisContext()(module.exports, requireHere, module, filename, dist);
  } catch (error) {
    modules.delete(name);
    throw error;
  }
  return module.exports;
}

/** The part of its path that all kept code of a file has. @param {string} kept */
const fileOf = (kept) => kept.replace(/@[^@/]*$/, "");

/** Milliseconds after which kept code is removed, when other code is kept. */
const OLD = 90 * 24 * 3_600_000;

/**
 * Keeps what was compiled. It is synced before it gets its name, so that a crash leaves no half-written file.
 */
function keep() {
  if (folder === undefined || compiled.size === 0) return;
  try {
    for (const [place, script] of compiled) {
      const made = `${place}.${process.pid}`;
      try {
        const code = script.createCachedData();
        fs.writeFileSync(made, Buffer.concat([code, code]), { mode: 0o600, flush: true });
        fs.renameSync(made, place);
      } finally {
        fs.rmSync(made, { force: true });
      }
    }
    const files = new Set([...compiled.keys()].map(fileOf));
    for (const other of fs.readdirSync(folder).map((name) => path.join(folder, name))) {
      const isReplaced = files.has(fileOf(other)) && !compiled.has(other);
      if (isReplaced || Date.now() - fs.statSync(other).mtimeMs > OLD) fs.rmSync(other, { recursive: true });
    }
  } catch {
    // It is compiled again at the next start.
  }
}
process.on("exit", keep);

// Only in what Node itself loads, it uses source maps.
module.exports = {
  load: process.sourceMapsEnabled ? (/** @type {string} */ name) => require(path.join(dist, name)) : load,
};
