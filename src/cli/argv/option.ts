import type { SettingName } from "../../client/kept/settings.ts";

/**
 * One setting of the program: where it may come from, what it may be, and what the help says of it. Everything that
 * reads a flag, an environment variable or the settings file goes through this.
 */
export interface Option<T> {
  /** Long flag without its dashes; absent for what never stands in argv. */
  flag?: string;
  short?: string;
  /** What stands for the value in the help; absent for a switch. */
  value?: string;
  /** The flag may stand without its value, which then is "". */
  optional?: boolean;
  /** Environment variables, the first that is set and not empty counts. */
  env?: readonly string[];
  /** A value that other programs put into such a variable. It is passed over, with a warning. */
  alien?: RegExp;
  /** Key in the settings file. */
  setting?: SettingName;
  /** The only words that it takes. */
  choices?: readonly string[];
  /** What its value names: completion offers those that are known on this machine. */
  names?: "server" | "conversation" | "folder";
  /** Never quoted in a complaint. */
  secret?: boolean;
  help: string;
  /** The default as the help shows it, where there is one. */
  shown?: string;
  fallback: T;
  /** Throws an Error whose message completes "NAME must be …". */
  parse(text: string): T;
}

type Words = Omit<Option<unknown>, "fallback" | "parse">;

function yesOrNo(text: string): boolean {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  throw new Error("true or false");
}

/** A flag that is there or not; where it is a setting too, "yes" and "on" do as well. */
export function toggle(words: Words, fallback = false): Option<boolean> {
  return { choices: ["true", "false"], ...words, fallback, parse: yesOrNo };
}

/** Any text that `check` lets pass; undefined where nobody says. */
export function text(
  words: Words,
  check: (text: string) => string = (text) => text,
): Option<string | undefined> {
  return { ...words, fallback: undefined, parse: check };
}

/** Text with a default. */
export function textOr(
  words: Words,
  fallback: string,
  check: (text: string) => string = (text) => text,
): Option<string> {
  return { shown: fallback, ...words, fallback, parse: check };
}

/** A whole number from `least` to `most`, in plain digits. */
export function whole(words: Words, fallback: number, [least, most]: [number, number]): Option<number> {
  return {
    shown: String(fallback),
    ...words,
    fallback,
    parse: (text) => {
      const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN;
      if (number >= least && number <= most) return number;
      throw new Error(`a whole number from ${least} to ${most}`);
    },
  };
}

/** Seconds, with a fraction if one likes. */
export function seconds(words: Words, fallback: number, [least, most]: [number, number]): Option<number> {
  return {
    shown: String(fallback),
    ...words,
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

/** One of a few words; undefined where nobody says. */
export function oneOf<T extends string>(words: Words, choices: readonly T[]): Option<T | undefined> {
  return { choices, ...words, fallback: undefined, parse: (text) => choose(text, choices) };
}

/** One of a few words, with a default. */
export function oneOfOr<T extends string>(words: Words, choices: readonly T[], fallback: T): Option<T> {
  return { shown: fallback, choices, ...words, fallback, parse: (text) => choose(text, choices) };
}

/** A check for text that has to say something. */
export function filled(typed: string): string {
  if (typed.trim() !== "") return typed;
  throw new Error("some text");
}
