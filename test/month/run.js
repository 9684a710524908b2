// A month of a class of 30, played against real servers, beside plain arithmetic:
//   npm run test:month [-- --store json|postgres] [--older COMMIT] [--faketime LIBRARY | --still] [--pupils N]
// It begins on that store, moves to the other one and back; on Postgres, two servers share the work. --older: the build of
// that commit starts the month. Without Debian's libfaketime, or with --still, the days do not pass, and nothing is refilled.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newFolder } from "../../bench/support/endings.js";
import { buildOlder } from "../../bench/support/older.js";
import { startPostgres } from "../../bench/support/postgres.js";
import { openClock } from "./clock.js";
import { playMonth } from "./month.js";

/** @typedef {import("./month.js").Place} Place */

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "json" },
    older: { type: "string" },
    faketime: { type: "string" },
    still: { type: "boolean", default: false },
    pupils: { type: "string", default: "30" },
  },
});
const { store } = values;
if (store !== "json" && store !== "postgres") throw new Error("--store takes json or postgres");
const older = values.older === undefined ? undefined : (await buildOlder(values.older)).root;

// The database's clock moves with the others, so it starts after this.
const clock = openClock(newFolder(), values.still ? null : values.faketime);
if (!clock.moves) console.error("Without faketime, all of it happens today, without refills.");
const database = await startPostgres();

/** @returns {Place} */
function folder() {
  const dir = join(newFolder(), "data");
  return { options: ["--data", dir], address: dir, check: [dir] };
}
/** @returns {Promise<Place>} */
async function schema() {
  const { url } = await database.place();
  return { options: ["--store", url], address: url, check: ["--store", url] };
}
const places =
  store === "json" ? [folder(), await schema(), folder()] : [await schema(), folder(), await schema()];
const [first, second, third] = places;
if (!first || !second || !third) throw new Error("There are three places.");
const moves = [
  { day: 16, to: second },
  { day: 23, to: third },
];
const pupils = Number(values.pupils);
if (!(pupils >= 8)) throw new Error("--pupils takes 8 or more");
const told = (/** @type {string} */ said) => console.error(said);
const { questions } = await playMonth({ clock, first, moves, pupils, older, told });
console.log(`A month on ${store}, ${questions} questions: every balance is what it must be.`);
process.exit();
