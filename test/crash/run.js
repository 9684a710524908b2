// The crash test for any number of minutes: npm run test:crash -- --minutes N
// On Postgres, which is crashed as well: npm run test:crash -- --minutes N --store postgres
// Memory of one server under load instead, without kills: npm run test:crash -- --memory --minutes N
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { crashRun } from "./crash-run.js";
import { memoryRun } from "./memory-run.js";

/** From minute 2, when everything is warm, the memory may grow by this factor. */
const MOST_GROWTH = 1.1;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    store: { type: "string", default: "json" },
    memory: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error("--minutes takes a number above 0");
const { store } = values;
if (store !== "json" && store !== "postgres") throw new Error("--store takes json or postgres");
if (values.memory && store !== "json") throw new Error("--memory measures a server on a data folder");

/** Opens a PostgreSQL as the tests do, whose TypeScript Node 20 does not read. */
async function openPostgres() {
  const { build } = await import("esbuild");
  const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));
  const outfile = here("../../node_modules/.cache/crash/on-postgres.mjs");
  await build({
    entryPoints: [here("./on-postgres.ts")],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  return (await import(pathToFileURL(outfile).href)).openDatabase();
}

async function crash() {
  const { kills, questions, replays, lost, violations } = await crashRun({
    minutes,
    told: console.error,
    ...(store === "postgres" && { open: openPostgres }),
  });
  for (const violation of violations) console.log(violation);
  console.log(
    `kills ${kills}, questions ${questions}, lost connections ${lost}, replays ${replays}, violations: ${violations.length}`,
  );
  return violations.length === 0;
}

async function memory() {
  if (!(minutes >= 3))
    throw new Error("--memory needs --minutes 3 or more: minute 2 is compared with the last one");
  const { questions, measured, violations } = await memoryRun({
    intervals: Math.floor(minutes),
    interval: 60_000,
    told: console.log,
  });
  for (const violation of violations) console.log(violation);
  const growth = (measured.at(-1)?.rss ?? NaN) / (measured[1]?.rss ?? NaN);
  console.log(
    `questions ${questions}, memory of the last minute beside minute 2: ${growth.toFixed(3)}, violations: ${violations.length}`,
  );
  return growth <= MOST_GROWTH && violations.length === 0;
}

process.exitCode = (await (values.memory ? memory() : crash())) ? 0 : 1;
