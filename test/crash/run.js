// The crash test for any number of minutes: npm run test:crash -- --minutes N
import { parseArgs } from "node:util";
import { crashRun } from "./crash-run.js";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "1" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error("--minutes takes a number above 0");

const { kills, questions, replays, lost, violations } = await crashRun({ minutes, told: console.error });
for (const violation of violations) console.log(violation);
console.log(
  `kills ${kills}, questions ${questions}, lost connections ${lost}, replays ${replays}, violations: ${violations.length}`,
);
process.exitCode = violations.length === 0 ? 0 : 1;
