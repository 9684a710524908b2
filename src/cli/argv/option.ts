import type { SettingName } from "../../client/kept/settings.ts";
import { rateOf, RATE_PATTERN, type Rate } from "../../protocol/rate.ts";
import { parsed } from "../../text/loose-json.ts";

/** The largest number of tokens or characters that an option takes. */
export const LARGEST = 1_000_000_000;

/** One setting: its sources, its valid values and its help text. */
export interface Option<T> {
  /** Long flag without dashes; absent if the value must not appear in argv. */
  flag?: string;
  short?: string;
  /** Placeholder for the value in the help; absent for a switch. */
  value?: string;
  /** The flag's value may be left out; it is then "". */
  optional?: boolean;
  /** The flag may be given several times; the text then has all its values, see `textsOf`. */
  repeats?: boolean;
  /** Environment variables; the first that is set and not empty is used. */
  env?: readonly string[];
  /** Variable that names a file with the value. The first of `env` must not be set beside it. */
  envFile?: string;
  /** Matches values that other programs set in such a variable. They are ignored with a warning. */
  ignored?: RegExp;
  /** Key in the settings file. */
  setting?: SettingName;
  /** The valid values, if there is a fixed set. */
  choices?: readonly string[];
  /** The kind of the value; completion offers the known values of that kind. */
  names?: "server" | "model" | "role" | "conversation" | "folder" | "file";
  /** The value is never quoted in a message. */
  secret?: boolean;
  /**
   * The configuration file names a variable or a file with the value, as `NAME_env` or `NAME_file`. `password`: it may
   * also have the value itself, if that is a URL without a password.
   */
  elsewhere?: "always" | "password";
  /** In JSON Schema: what `parse` accepts, or more. */
  pattern?: string;
  help: string;
  /** The default as shown in the help, if there is one. */
  shown?: string;
  fallback: T;
  /** Throws an Error whose message completes "NAME must be …". */
  parse: (text: string) => T;
  /** JSON Schema of the value in the configuration file (docs/server.md#configuration-file). */
  schema: Readonly<Record<string, unknown>>;
  /** Checks that value. Throws as `parse`. */
  read: (value: unknown) => T;
}

type OptionFields = Omit<Option<unknown>, "fallback" | "parse" | "schema" | "read">;

/** What parses text, and JSON text in the same way. */
function ofText<T>({ pattern }: OptionFields, parse: (text: string) => T) {
  const read = (value: unknown) => {
    if (typeof value === "string") return parse(value);
    throw new Error("text in quotes");
  };
  return { parse, read, schema: { type: "string", ...(pattern !== undefined && { pattern }) } };
}

function ofChoices<T extends string>(choices: readonly T[]) {
  const read = (value: unknown) => choose(value, choices);
  return { choices, parse: read, read, schema: { enum: choices } };
}

function yesOrNo(text: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw new Error("true or false");
}

/** A switch. As a setting or variable it takes true, yes, on, 1 or false, no, off, 0. */
export function toggle(fields: OptionFields, fallback = false): Option<boolean> {
  const read = (value: unknown) => {
    if (typeof value === "boolean") return value;
    throw new Error("true or false");
  };
  return {
    choices: ["true", "false"],
    ...fields,
    fallback,
    parse: yesOrNo,
    schema: { type: "boolean" },
    read,
  };
}

/** Text accepted by `check`; default: undefined. */
export function text(
  fields: OptionFields,
  check: (text: string) => string = (text) => text,
): Option<string | undefined> {
  return { ...fields, fallback: undefined, ...ofText(fields, check) };
}

/** No argument holds it. */
const BETWEEN = "\0";

/** The values of an option that was given several times, as one text. */
export const joinedTexts = (texts: readonly string[]): string => texts.join(BETWEEN);
export const textsOf = (joined: string): string[] => joined.split(BETWEEN);

/** Texts, one each time that the flag is given; default: undefined. */
export function texts(
  fields: OptionFields,
  check: (text: string) => string,
): Option<readonly string[] | undefined> {
  const read = (value: unknown) => {
    if (typeof value === "string") return textsOf(value).map(check);
    throw new Error("text in quotes");
  };
  return { ...fields, repeats: true, fallback: undefined, parse: read, read, schema: { type: "string" } };
}

/** Text accepted by `check`, with a default. */
export function textOr(
  fields: OptionFields,
  fallback: string,
  check: (text: string) => string = (text) => text,
): Option<string> {
  return { shown: fallback, ...fields, fallback, ...ofText(fields, check) };
}

/** A number from `least` to `most`. `digits` is the form of one that is typed. */
function numeric<T extends number | undefined>(
  fields: OptionFields,
  fallback: T,
  [least, most]: [number, number],
  { type, digits, what }: { type: "integer" | "number"; digits: RegExp; what: string },
): Option<number | T> {
  const check = (number: number) => {
    if (number >= least && number <= most && (type === "number" || Number.isInteger(number))) return number;
    throw new Error(`${what} from ${least} to ${most}`);
  };
  return {
    ...(fallback !== undefined && { shown: String(fallback) }),
    ...fields,
    fallback,
    schema: { type, minimum: least, maximum: most },
    parse: (text) => check(digits.test(text.trim()) ? Number(text) : Number.NaN),
    read: (value) => check(typeof value === "number" ? value : Number.NaN),
  };
}

/** A whole number from `least` to `most`, in decimal digits. */
export const whole = <T extends number | undefined>(
  fields: OptionFields,
  fallback: T,
  range: [number, number],
): Option<number | T> =>
  numeric(fields, fallback, range, { type: "integer", digits: /^\d{1,15}$/, what: "a whole number" });

const decimal = /^\d{1,9}(\.\d{1,3})?$/;

/** Seconds, typed with up to three decimal places. */
export const seconds = (fields: OptionFields, fallback: number, range: [number, number]): Option<number> =>
  numeric(fields, fallback, range, { type: "number", digits: decimal, what: "a number of seconds" });

/** A number without a default. */
export const number = (fields: OptionFields, range: [number, number]): Option<number | undefined> =>
  numeric(fields, undefined, range, { type: "number", digits: decimal, what: "a number" });

const UNITS = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** A number of bytes, such as `256M`; in a file also as a number. `shown`: the default. */
export function bytes(fields: OptionFields, shown: string, [least, most]: [number, number]): Option<number> {
  const parse = (text: string) => {
    const [, digits = "", unit = ""] = /^(\d{1,12})([KMG]?)$/i.exec(text.trim()) ?? [];
    const number =
      digits === "" ? Number.NaN : Number(digits) * UNITS[unit.toUpperCase() as keyof typeof UNITS];
    if (number >= least && number <= most) return number;
    throw new Error(`a number of bytes such as ${shown}, from ${sizeOf(least)} to ${sizeOf(most)}`);
  };
  return {
    shown,
    ...fields,
    fallback: parse(shown),
    parse,
    schema: {
      anyOf: [
        { type: "integer", minimum: least, maximum: most },
        { type: "string", pattern: "^\\d{1,12}[KMGkmg]?$" },
      ],
    },
    read: (value) => parse(typeof value === "string" || Number.isInteger(value) ? String(value) : ""),
  };
}

const sizeOf = (number: number) => (number % UNITS.G === 0 ? `${number / UNITS.G}G` : `${number / UNITS.M}M`);

const listed = (choices: readonly string[]) =>
  `${choices.slice(0, -1).join(", ")} or ${choices[choices.length - 1] ?? ""}`;

function choose<T extends string>(given: unknown, choices: readonly T[]): T {
  const choice = choices.find((choice) => choice === given);
  if (choice === undefined) throw new Error(listed(choices));
  return choice;
}

/** One of `choices`; default: undefined. */
export function oneOf<T extends string>(fields: OptionFields, choices: readonly T[]): Option<T | undefined> {
  return { ...fields, fallback: undefined, ...ofChoices(choices) };
}

/** One of `choices`, with a default. */
export function oneOfOr<T extends string>(
  fields: OptionFields,
  choices: readonly T[],
  fallback: T,
): Option<T> {
  return { shown: fallback, ...fields, fallback, ...ofChoices(choices) };
}

/** A rate such as `10/15m`, or `off`, which is undefined. */
export const rate = (fields: OptionFields, fallback: string): Option<Rate | undefined> => ({
  shown: fallback,
  ...fields,
  fallback: rateOf(fallback),
  ...ofText({ ...fields, pattern: RATE_PATTERN }, rateOf),
});

/** A JSON value; default: undefined. `check` throws as `parse`. */
export function json<T>(
  fields: OptionFields,
  schema: Option<T>["schema"],
  check: (value: unknown) => T,
): Option<T | undefined> {
  return { ...fields, fallback: undefined, schema, read: check, parse: (text) => check(parsed(text)) };
}

/** The pattern of `filled`. */
export const FILLED = "\\S";

/** Rejects blank text. */
export function filled(typed: string): string {
  if (typed.trim() !== "") return typed;
  throw new Error("some text");
}
