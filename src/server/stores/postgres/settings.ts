import type { Database } from "./database.ts";
import { READ_SETTING } from "./ledger-id.ts";

/** Waits for a copy into the database, which locks the row and writes the secret of its source. */
const MAKE = `
INSERT INTO chat_settings (name, value)
SELECT $1, $2 FROM chat_schema WHERE one = 1 FOR SHARE
ON CONFLICT (name) DO NOTHING`;

/** A setting that all servers share. The first server stores the value of `make`. */
export async function readSetting(
  { run }: Pick<Database, "run">,
  name: string,
  make: () => string,
): Promise<string> {
  const read = async () => (await run<{ value: string }>(READ_SETTING, [name])).rows[0]?.value;
  const kept = await read();
  if (kept !== undefined) return kept;
  await run(MAKE, [name, make()]);
  return (await read()) ?? "";
}
