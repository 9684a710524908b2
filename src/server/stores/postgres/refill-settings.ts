import { refillWords, type RefillSetting, type RefillWish } from "../../../protocol/refill.ts";
import { changeRefills, isSameRefill, type Refills } from "../../core/refill.ts";
import type { Database } from "./database.ts";

/** Settings are only added, as `refill:1`, `refill:2`, …: servers have no right to change one. */
const NAME = "refill:";

/** A setting as its row has it. `tokens`: null if it switches refills off. `at`: milliseconds since the epoch. */
interface StoredRefill extends Omit<RefillSetting, "tokens"> {
  at: number;
  tokens: number | null;
}

const READ = `
SELECT name, value, floor(extract(epoch FROM now()) * 1000)::bigint AS now
FROM chat_settings WHERE name LIKE '${NAME}%'`;

/** Waits for a copy into the database, which locks the row. */
const ADD = `
INSERT INTO chat_settings (name, value)
SELECT $1, '{"at":' || floor(extract(epoch FROM now()) * 1000)::bigint || ',' || $2
FROM chat_schema WHERE one = 1 FOR SHARE
ON CONFLICT (name) DO NOTHING`;

type Run = Pick<Database, "run">;

interface Stored {
  refills: Refills;
  /** Number of settings. */
  count: number;
  /** Whether the last one holds for periods that begin from now on. */
  holds: boolean;
}

async function read({ run }: Run): Promise<Stored> {
  const { rows } = await run<{ name: string; value: string; now: string }>(READ);
  const numbered = rows.map(({ name, ...row }) => ({ number: Number(name.slice(NAME.length)), ...row }));
  numbered.sort((one, other) => one.number - other.number);
  let refills: Refills = [];
  let last = 0;
  for (const { value } of numbered) {
    const { at, tokens, period, cap } = JSON.parse(value) as StoredRefill;
    refills = changeRefills(refills, tokens === null ? undefined : { tokens, period, cap }, at);
    last = at;
  }
  return { refills, count: numbered.at(-1)?.number ?? 0, holds: last <= Number(rows[0]?.now ?? 0) };
}

/** The refills of the store, by the setting that was stored last. */
export const readRefills = async (database: Run): Promise<Refills> => (await read(database)).refills;

/**
 * Stores a server's setting if the last one that was stored differs, and says so. Other servers go on with theirs. Returns
 * the refills as this server has them.
 */
export async function storeRefills(
  { run, warn }: Run & { warn: (sentence: string) => void },
  setting: RefillWish,
): Promise<Refills> {
  if (setting === "stored") return readRefills({ run });
  let warned = false;
  for (;;) {
    const { refills, count, holds } = await read({ run });
    const last = refills.at(-1);
    const same = isSameRefill(last, setting);
    if (same && holds) return refills;
    if (!same && count > 0 && !warned) warn(differs(last, setting));
    warned = true;
    const { tokens = null, period = "day", cap = null } = setting ?? {};
    await run(ADD, [`${NAME}${count + 1}`, JSON.stringify({ tokens, period, cap }).slice(1)]);
  }
}

const differs = (stored: RefillSetting | undefined, setting: RefillSetting | undefined) =>
  `Refills in the store: ${refillWords(stored)}. This server: ${refillWords(setting)}, from the next period on. ` +
  "If other servers of the store keep another setting, the first one that an account uses in a period decides.";
