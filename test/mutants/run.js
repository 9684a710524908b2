// Measures what the tests notice: applies small edits to a copy of the repository, one at a time, and expects the tests
// named beside each edit to fail. `npm run test:mutants [-- --only TEXT]`: only edits with TEXT in their file or reason.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { placesOf } from "./edit.js";
import { mutants } from "./list.js";

/** @typedef {import("./list.js").Mutant} Mutant */

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Milliseconds that the tests of one edit may take longer than all tests without an edit. Then they hang. */
const GRACE = 60_000;

/** @type {import("node:child_process").ChildProcess | undefined} */
let child;
let stopped = false;

/**
 * Runs a command in a process group of its own, so that nothing of it is left. Resolves to its exit code; null where it
 * was killed.
 */
async function run(
  /** @type {string} */ cwd,
  /** @type {string[]} */ command,
  /** @type {NodeJS.ProcessEnv} */ env = {},
  longest = Number.POSITIVE_INFINITY,
) {
  const [program = "", ...words] = command;
  const started = spawn(program, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: "ignore",
    detached: true,
  });
  child = started;
  const timer = longest === Number.POSITIVE_INFINITY ? undefined : setTimeout(killChild, longest);
  try {
    return await new Promise((/** @type {(code: number | null) => void} */ resolve, reject) => {
      started.once("error", reject);
      started.once("exit", resolve);
    });
  } finally {
    clearTimeout(timer);
    child = undefined;
  }
}

function killChild() {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Everything that git knows or would add, and the packages by a link. */
async function copyRepository(/** @type {string} */ copy) {
  const listing = spawn("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
  });
  const chunks = [];
  for await (const chunk of listing.stdout) chunks.push(chunk);
  const files = Buffer.concat(chunks).toString().split("\0").filter(Boolean);
  // git still lists a file whose removal is not committed.
  for (const file of files.filter((file) => existsSync(join(root, file)))) {
    await mkdir(dirname(join(copy, file)), { recursive: true });
    await cp(join(root, file), join(copy, file));
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
}

/**
 * Runs test files, and tells which failed. With `longest`, in milliseconds, it ends at the first one; undefined if it did
 * not end by then. `code` is not 0 either if a test process crashed, which is no failed test.
 */
async function runTests(
  /** @type {string} */ copy,
  /** @type {string[]} */ tests,
  longest = Number.POSITIVE_INFINITY,
) {
  const report = join(copy, "mutant-report.json");
  await rm(report, { force: true });
  // Tests that spawn the program need it built anew; the others do not.
  const builds = tests.some((test) => /^test\/(cli|tui|crash|http\/postgres)\//.test(test));
  const vitest = [process.execPath, "node_modules/vitest/vitest.mjs", "run", ...tests];
  const options = [
    "--reporter=json",
    `--outputFile=${report}`,
    ...(longest === Number.POSITIVE_INFINITY ? [] : ["--bail=1"]),
  ];
  const env = builds ? {} : { AI_CHAT_TEST_NO_BUILD: "1" };
  const code = await run(copy, [...vitest, ...options], env, longest);
  if (code === null) return undefined;
  /** @type {{ testResults: { name: string, assertionResults: { status: string }[], status: string }[] }} */
  const { testResults } = JSON.parse(await readFile(report, "utf8"));
  return { code, failed: testResults.filter(({ status }) => status === "failed") };
}

/** `killed`, `survived`, or a sentence that says why it is neither. */
async function tryMutant(
  /** @type {string} */ copy,
  /** @type {Mutant} */ { file, find, replace, tests },
  /** @type {number} */ longest,
) {
  const path = join(copy, file);
  const source = await readFile(path, "utf8");
  await writeFile(
    path,
    source.replace(find, () => replace),
  );
  try {
    const ended = await runTests(copy, tests, longest);
    if (ended?.code === 0) return "survived";
    const noticed = ended?.failed.some(({ assertionResults }) =>
      assertionResults.some(({ status }) => status === "failed"),
    );
    return noticed === false ? "the tests broke off, and none of them failed" : "killed";
  } finally {
    await writeFile(path, source);
  }
}

/** What is wrong with the edits before any test runs. */
async function faultsOf(/** @type {Mutant[]} */ list) {
  const faults = [];
  for (const mutant of list) {
    const places = await placesOf(root, mutant);
    if (places !== 1) faults.push(`${mutant.file}: found ${places} times: ${mutant.find}`);
  }
  return faults;
}

async function measure(/** @type {Mutant[]} */ list, /** @type {string} */ copy) {
  await copyRepository(copy);
  if ((await run(copy, [process.execPath, "scripts/build.js"])) !== 0) {
    print("The build fails without any edit.");
    return 1;
  }
  const start = performance.now();
  const whole = await runTests(copy, [...new Set(list.flatMap(({ tests }) => tests))]);
  const longest = performance.now() - start + GRACE;
  if (stopped) return 130;
  if (whole?.code !== 0) {
    for (const { name } of whole?.failed ?? [])
      print(`fails without any edit: ${name.replace(`${copy}/`, "")}`);
    print("The tests do not pass as they are.");
    return 1;
  }
  let killed = 0;
  let survived = 0;
  for (const mutant of list) {
    const result = stopped ? undefined : await tryMutant(copy, mutant, longest);
    if (stopped) return 130;
    if (result === "killed") killed += 1;
    else survived += 1;
    const { file, why, find, replace } = mutant;
    print(`${result === "killed" ? "killed  " : "SURVIVED"} ${file}: ${why}`);
    if (result === "killed") continue;
    print(`  - ${find}\n  + ${replace}`);
    if (result !== "survived") print(`  ${result}`);
  }
  print(`${killed} killed, ${survived} survived`);
  return survived === 0 ? 0 : 1;
}

const print = (/** @type {string} */ line) => void process.stdout.write(`${line}\n`);

const { only = "" } = parseArgs({ options: { only: { type: "string" } } }).values;
const chosen = mutants.filter(({ file, why }) => `${file} ${why}`.toLowerCase().includes(only.toLowerCase()));
const faults = chosen.length === 0 ? [`No edit has ${only} in its file or reason.`] : await faultsOf(chosen);
faults.forEach(print);
const copy = await mkdtemp(join(tmpdir(), "ai-chat-mutants-"));
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]))
  process.on(signal, () => {
    stopped = true;
    killChild();
  });
try {
  process.exitCode = faults.length > 0 ? 1 : await measure(chosen, copy);
} finally {
  await rm(copy, { recursive: true, force: true });
}
