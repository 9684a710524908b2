// The fuzz test for any number of minutes: npm run test:fuzz -- --minutes N
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "1" } } });
if (!(Number(values.minutes) > 0)) throw new Error("--minutes takes a number above 0");
const { status } = spawnSync("npx", ["vitest", "run", "--project", "fuzz"], {
  stdio: "inherit",
  env: { ...process.env, FUZZ_MINUTES: values.minutes },
});
process.exitCode = status ?? 1;
