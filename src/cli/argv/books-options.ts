import { filled, LARGEST, oneOf, oneOfOr, text, toggle, whole, type Option } from "./option.ts";

const DAY = 24 * 60 * 60 * 1000;

/** A time that was typed, in milliseconds since the epoch. `end`: the end of a day; for a time, the time itself. */
interface Moment {
  start: number;
  end: number;
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?$/i;

/** Undefined for a day that no month has: `Date` takes 2026-02-30 as the second of March. */
function startOf(day: string): number | undefined {
  const start = Date.parse(`${day}T00:00Z`);
  return Number.isNaN(start) || new Date(start).toISOString().slice(0, 10) !== day ? undefined : start;
}

/** A UTC day, or an ISO 8601 time; without an offset it is UTC. */
function moment(typed: string): Moment {
  const trimmed = typed.trim();
  const start = DATE.test(trimmed) ? startOf(trimmed) : undefined;
  if (start !== undefined) return { start, end: start + DAY };
  const [, day = "", time = "", offset = "Z"] = TIME.exec(trimmed) ?? [];
  const at = startOf(day) === undefined ? Number.NaN : Date.parse(`${day}T${time}${offset.toUpperCase()}`);
  if (!Number.isNaN(at)) return { start: at, end: at };
  throw new Error("a day like 2026-11-26 or a time like 2026-11-26T14:30Z");
}

const date = (fields: { flag: string; help: string; shown: string }): Option<Moment | undefined> => ({
  value: "DATE",
  ...fields,
  fallback: undefined,
  schema: { type: "string" },
  parse: moment,
  read: (value) => moment(String(value)),
});

/** The options of `accounts list`, `ledger` and `report` (docs/accounts.md#books). */
export const booksOptions = {
  search: text({ flag: "search", value: "TEXT", help: "list: only names with TEXT in them" }, filled),
  sort: oneOf(
    {
      flag: "sort",
      value: "WHAT",
      help: "list: balance, used, created or last; the most first, or the newest",
      shown: "by name",
    },
    ["balance", "used", "created", "last"],
  ),
  limit: whole(
    { flag: "limit", value: "N", help: "list: at most so many accounts", shown: "all" },
    undefined,
    [1, LARGEST],
  ),
  since: date({ flag: "since", help: "facts from that day or time on, in UTC", shown: "the first" }),
  until: date({ flag: "until", help: "facts until that day's end, or before that time", shown: "now" }),
  csv: toggle({ flag: "csv", help: "comma-separated values, for a spreadsheet" }),
  follow: toggle({ flag: "follow", help: "go on with new facts as they come" }),
  reportDays: whole(
    { flag: "days", value: "N", help: "days to look back, in UTC, with today" },
    30,
    [1, 3650],
  ),
  groupBy: oneOfOr(
    { flag: "by", value: "WHAT", help: "account, day or model: what a line of the report is about" },
    ["account", "day", "model"],
    "day",
  ),
};
