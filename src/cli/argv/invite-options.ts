import { LARGEST, text, whole, type Option } from "./option.ts";

const DAY = 24 * 60 * 60 * 1000;
const UNITS = new Map([
  ["m", 60_000],
  ["h", 60 * 60_000],
  ["d", DAY],
]);
const LONGEST = 3650 * DAY;

/** Milliseconds. */
function duration(typed: string): number {
  const [, amount = "", unit = ""] = /^(\d{1,7})([mhd])$/.exec(typed.trim()) ?? [];
  const ms = Number(amount) * (UNITS.get(unit) ?? 0);
  if (ms > 0 && ms <= LONGEST) return ms;
  throw new Error("a time like 90m, 12h or 30d, of at most 3650d");
}

const lifetime: Option<number> = {
  flag: "expires",
  value: "TIME",
  help: "how long the codes are valid, such as 12h or 30d",
  shown: "30d",
  fallback: 30 * DAY,
  schema: { type: "string" },
  parse: duration,
  read: (value) => duration(String(value)),
};

/** A time span without a default, in milliseconds. */
export const lifetimeOr = (
  fields: Pick<Option<number | undefined>, "flag" | "value" | "help">,
): Option<number | undefined> => ({
  ...fields,
  fallback: undefined,
  schema: { type: "string" },
  parse: duration,
  read: (value) => duration(String(value)),
});

/** The options of `invites create`, and of `register`. */
export const inviteOptions = {
  inviteTokens: whole(
    { flag: "tokens", value: "N", help: "tokens of an account", shown: "the starting tokens" },
    undefined,
    [0, LARGEST],
  ),
  uses: whole(
    { flag: "uses", value: "N", help: "accounts that can be made with one code" },
    1,
    [1, 1_000_000],
  ),
  expires: lifetime,
  count: whole({ flag: "count", value: "N", help: "how many codes to make" }, 1, [1, 1000]),
  invite: text(
    { flag: "invite", value: "CODE", secret: true, help: "the code of your invitation" },
    (typed) => {
      if (typed.trim() !== "") return typed.trim();
      throw new Error("a code");
    },
  ),
};
