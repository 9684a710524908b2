import { setTimeout as pause } from "node:timers/promises";
import { ApiError } from "../../core/api-error.ts";
import type { FactKind, FactReader, FactRow, UseRow } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import type { Database } from "./database.ts";
import { createOrder, type Kept } from "./order.ts";
import { openToRead, type Reading } from "./snapshot.ts";

/** Rows of one statement. */
const PAGE = 5_000;

/** Milliseconds between two looks for new rows. No LISTEN: it does not go through poolers. */
const FOLLOW_MS = 1_000;

const COLUMNS = `id, kind, account, at::text AS place, floor(extract(epoch FROM at) * 1000)::float8 AS at,
  tokens::float8 AS tokens, balance::float8 AS balance, n::float8 AS n, model, reason, by,
  (SELECT k.name FROM chat_api_keys k WHERE k.id = api_key) AS key`;

/** Rows of account $1 from before they were numbered, after the row $2 to $4. */
const OLD = `
SELECT ${COLUMNS} FROM chat_ledger WHERE account = $1 AND n IS NULL
  AND ($2::text IS NULL OR (at, kind = 'again', kind, id) > ($2::timestamptz, $3::text = 'again', $3, $4::text))
ORDER BY at, kind = 'again', kind, id LIMIT ${PAGE}`;

const COUNT_OLD = "SELECT count(*)::float8 AS count FROM chat_ledger WHERE account = $1 AND n IS NULL";

/** Rows of account $1 with a number above $2, from $3 to before $4. */
const NUMBERED = `
SELECT ${COLUMNS} FROM chat_ledger WHERE account = $1 AND n > $2::bigint
  AND ($3::float8 IS NULL OR at >= to_timestamp($3::float8 / 1000))
  AND ($4::float8 IS NULL OR at < to_timestamp($4::float8 / 1000))
ORDER BY n LIMIT ${PAGE}`;

const USE = `
SELECT a.name AS account, to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, coalesce(l.model, 'unknown') AS model,
  count(*)::float8 AS questions, (-sum(l.tokens))::float8 AS tokens
FROM chat_ledger l JOIN chat_accounts a ON a.id = l.account
WHERE l.kind = 'charge' AND l.at >= $1::date::timestamp AT TIME ZONE 'UTC'
GROUP BY a.id, a.name, day, coalesce(l.model, 'unknown')`;

interface Row extends Kept {
  id: string;
  kind: FactKind;
  place: string;
  at: number;
  model: string | null;
  key: string | null;
  reason: string | null;
  by: string | null;
}

type Numbered = Row & { n: number };

type Asked = Parameters<FactReader["facts"]>[0];

/** Facts of a database. Throws `StartupError` if it has no store, or one of another version. */
export async function openPostgresReader(url: string, opening: Reading): Promise<FactReader> {
  const { database } = await openToRead(url, opening);
  return {
    facts: (asked) => facts(database, asked),
    use: async (since) => (await database.run<UseRow>(USE, [since])).rows,
    close: () => database.close(),
  };
}

async function* facts({ run }: Pick<Database, "run">, asked: Asked): AsyncGenerator<FactRow> {
  const { account, since = null, until = null, after = Number.NEGATIVE_INFINITY, follow } = asked;
  if (after < 0)
    for await (const row of oldRows(run, account))
      if (row.n > after && row.at >= (since ?? row.at) && row.at < (until ?? Number.POSITIVE_INFINITY))
        yield factOf(row);
  let last = Math.max(0, after);
  async function* newRows(): AsyncGenerator<FactRow> {
    for (let left: Row[] = [], whole = false; !whole;) {
      const { rows } = await run<Row>(NUMBERED, [account, left.at(-1)?.n ?? last, since, until]);
      whole = rows.length < PAGE;
      const groups = inStatements([...left, ...rows] as Numbered[]);
      // The rest of the last one's statement may be on the next page.
      left = whole ? [] : (groups.pop() ?? []);
      for (const row of groups.flatMap(inOrder)) {
        last = row.n;
        yield factOf(row);
      }
    }
  }
  yield* newRows();
  if (!follow) return;
  while (await passes(FOLLOW_MS, follow))
    try {
      yield* newRows();
    } catch (error) {
      // The database said so, and answers again some time.
      if (!(error instanceof ApiError)) throw error;
    }
}

/** Numbered up to 0: the numbers of the others begin with 1. */
async function* oldRows(run: Database["run"], account: AccountId): AsyncGenerator<Numbered> {
  const { rows: counted } = await run<{ count: number }>(COUNT_OLD, [account]);
  let n = 1 - (counted[0]?.count ?? 0);
  const numbered = (row: Row): Numbered => ({ ...row, n: n++ });
  const order = createOrder<Row>();
  for (let last: Row | undefined, whole = n > 0; !whole;) {
    const { rows } = await run<Row>(OLD, [
      account,
      last?.place ?? null,
      last?.kind ?? null,
      last?.id ?? null,
    ]);
    last = rows.at(-1);
    whole = rows.length < PAGE;
    for (const row of rows) yield* order.next(row).map(numbered);
  }
  yield* [...order.rest(), ...order.stuck()].map(numbered);
}

/** Charges that went in one statement have one time. */
function inStatements(rows: Numbered[]): Numbered[][] {
  const groups: Numbered[][] = [];
  for (const row of rows) {
    const [first] = groups.at(-1) ?? [];
    if (row.kind === "charge" && first?.kind === "charge" && first.place === row.place)
      groups.at(-1)?.push(row);
    else groups.push([row]);
  }
  return groups;
}

/** A server of the version before numbers the charges of one statement backwards. */
function inOrder(rows: Numbered[]): Numbered[] {
  const numbers = rows.map(({ n }) => n);
  return rows
    .sort((one, other) => other.balance - one.balance)
    .map((row, index) => ({ ...row, n: numbers[index] ?? row.n }));
}

const factOf = ({ n, at, kind, tokens, balance, model, key, reason, by }: Numbered): FactRow => ({
  n,
  at,
  fact: kind,
  tokens,
  balance,
  model,
  key,
  reason: reason === "" ? null : reason,
  by,
});

/** Whether the time passes before the signal aborts. */
const passes = (ms: number, signal: AbortSignal): Promise<boolean> =>
  pause(ms, true, { signal }).catch(() => false);
