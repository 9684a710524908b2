// A long session at a shell, with a server that comes and goes: npm run test:session -- --minutes N --turns N
import { parseArgs } from "node:util";
import { sessionRun } from "./session-run.js";

/** From a tenth of the turns on, when everything is warm, the memory may grow by this factor. */
const MOST_GROWTH = 1.1;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "1" }, turns: { type: "string", default: "100" } },
});
const [minutes, turns] = [Number(values.minutes), Number(values.turns)];
if (!(minutes > 0)) throw new Error("--minutes takes a number above 0");
if (!(Number.isInteger(turns) && turns >= 20)) throw new Error("--turns takes a whole number from 20 on");

const { measured, troubles, again, violations } = await sessionRun({
  turns,
  minutes,
  intervals: 20,
  told: console.log,
});
for (const violation of violations) console.log(violation);
const growth = (measured.at(-1)?.rss ?? NaN) / (measured[1]?.rss ?? NaN);
console.log(
  `turns ${turns}, sent again ${again}, ${JSON.stringify(troubles)}, memory at the end beside a tenth of the turns: ${growth.toFixed(3)}, violations: ${violations.length}`,
);
process.exitCode = violations.length === 0 && growth <= MOST_GROWTH ? 0 : 1;
