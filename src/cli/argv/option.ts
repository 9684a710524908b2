import type { SettingName } from "../../client/kept/settings.ts";

/** One setting: its sources, its valid values and its help text. */
export interface Option<T> {
  /** Long flag without dashes; absent if the value must not appear in argv. */
  flag?: string;
  short?: string;
  /** Placeholder for the value in the help; absent for a switch. */
  value?: string;
  /** The flag's value may be left out; it is then "". */
  optional?: boolean;
  /** Environment variables; the first that is set and not empty is used. */
  env?: readonly string[];
  /** Matches values that other programs set in such a variable. They are ignored with a warning. */
  ignored?: RegExp;
  /** Key in the settings file. */
  setting?: SettingName;
  /** The valid values, if there is a fixed set. */
  choices?: readonly string[];
  /** The kind of the value; completion offers the known values of that kind. */
  names?: "server" | "conversation" | "folder";
  /** The value is never quoted in a message. */
  secret?: boolean;
  help: string;
  /** The default as shown in the help, if there is one. */
  shown?: string;
  fallback: T;
  /** Throws an Error whose message completes "NAME must be …". */
  parse(text: string): T;
}

type OptionFields = Omit<Option<unknown>, "fallback" | "parse">;

function yesOrNo(text: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw new Error("true or false");
}

/** A switch. As a setting or variable it takes true, yes, on, 1 or false, no, off, 0. */
export function toggle(fields: OptionFields, fallback = false): Option<boolean> {
  return { choices: ["true", "false"], ...fields, fallback, parse: yesOrNo };
}

/** Text accepted by `check`; default: undefined. */
export function text(
  fields: OptionFields,
  check: (text: string) => string = (text) => text,
): Option<string | undefined> {
  return { ...fields, fallback: undefined, parse: check };
}

/** Text accepted by `check`, with a default. */
export function textOr(
  fields: OptionFields,
  fallback: string,
  check: (text: string) => string = (text) => text,
): Option<string> {
  return { shown: fallback, ...fields, fallback, parse: check };
}

/** A whole number from `least` to `most`, in decimal digits. */
export function whole(
  fields: OptionFields,
  fallback: number,
  [least, most]: [number, number],
): Option<number> {
  return {
    shown: String(fallback),
    ...fields,
    fallback,
    parse: (text) => {
      const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
      if (number >= least && number <= most) return number;
      throw new Error(`a whole number from ${least} to ${most}`);
    },
  };
}

/** Seconds, with up to three decimal places. */
export function seconds(
  fields: OptionFields,
  fallback: number,
  [least, most]: [number, number],
): Option<number> {
  return {
    shown: String(fallback),
    ...fields,
    fallback,
    parse: (text) => {
      const number = /^\d{1,9}(\.\d{1,3})?$/.test(text.trim()) ? Number(text) : Number.NaN;
      if (number >= least && number <= most) return number;
      throw new Error(`a number of seconds from ${least} to ${most}`);
    },
  };
}

const listed = (choices: readonly string[]) =>
  `${choices.slice(0, -1).join(", ")} or ${choices[choices.length - 1] ?? ""}`;

function choose<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((choice) => choice === text);
  if (choice === undefined) throw new Error(listed(choices));
  return choice;
}

/** One of `choices`; default: undefined. */
export function oneOf<T extends string>(fields: OptionFields, choices: readonly T[]): Option<T | undefined> {
  return { choices, ...fields, fallback: undefined, parse: (text) => choose(text, choices) };
}

/** One of `choices`, with a default. */
export function oneOfOr<T extends string>(
  fields: OptionFields,
  choices: readonly T[],
  fallback: T,
): Option<T> {
  return { shown: fallback, choices, ...fields, fallback, parse: (text) => choose(text, choices) };
}

/** Rejects blank text. */
export function filled(typed: string): string {
  if (typed.trim() !== "") return typed;
  throw new Error("some text");
}
