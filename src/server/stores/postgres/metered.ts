import type { StoreMeter } from "../../core/store-meter.ts";
import { CHARGE, CHARGE_KEYED } from "./charge.ts";
import { READS, skippingLocked, type Database } from "./database.ts";
import { CHARGE_KEYED_ONE, CHARGE_ONE } from "./one-row.ts";

const charges = [CHARGE, CHARGE_ONE, CHARGE_KEYED, CHARGE_KEYED_ONE];
const CHARGES = new Set(charges.flatMap((sql) => [sql, skippingLocked(sql)]));

/** `run`, which also tells how long statements took that write, and how many charges each of them made. */
export function metered(run: Database["run"], meter: StoreMeter): Database["run"] {
  return async <Row>(sql: string, ...more: [unknown[]?, number?, boolean?]) => {
    const begun = performance.now();
    const outcome = await run<Row>(sql, ...more);
    if (READS.test(sql)) return outcome;
    meter.wrote(performance.now() - begun);
    if (!CHARGES.has(sql)) return outcome;
    const charges = outcome.rows.filter((row) => !(row as { locked: boolean }).locked).length;
    if (charges > 0) meter.batch(charges);
    return outcome;
  };
}
