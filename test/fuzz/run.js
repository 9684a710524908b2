// The fuzz test for any number of minutes: npm run test:fuzz -- --minutes N
// On Postgres: npm run test:fuzz -- --minutes N --store postgres
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, store: { type: "string", default: "json" } },
});
const { minutes, store } = values;
if (!(Number(minutes) > 0)) throw new Error("--minutes takes a number above 0");
if (store !== "json" && store !== "postgres") throw new Error("--store takes json or postgres");
const { status } = spawnSync("npx", ["vitest", "run", "--project", "fuzz"], {
  stdio: "inherit",
  env: { ...process.env, FUZZ_MINUTES: minutes, FUZZ_STORE: store },
});
process.exitCode = status ?? 1;
