import { resolve } from "node:path";
import { isRecord } from "../../text/loose-json.ts";
import { nearest } from "../../text/nearest.ts";
import { repeatable } from "../../text/repeatable.ts";
import { fromFile, fromVariable, parseElsewhere, type Elsewhere } from "./elsewhere.ts";
import { checkedHeaders, ELSEWHERE, headerFault } from "./headers.ts";
import type { Option } from "./option.ts";
import { holdsSecret, isSecretName } from "../../text/secret-words.ts";

/** An object of the configuration file. */
export interface Fields {
  content: Record<string, unknown>;
  /** Begins the name of a field in messages: `/etc/chat.json: models[1].` */
  at: string;
  /** Relative paths count from here. */
  folder: string;
  env: Record<string, string | undefined>;
}

/** The value of a field, or whole sentences about it. They quote no values: a secret may be there by mistake. */
export type FieldValue = { value: unknown } | { complaints: string[] };

/** A field with its place in the file, for messages. */
export interface Field {
  called: string;
  found: FieldValue;
}

/** The name of an option in the configuration file: `starting_tokens`. */
export const keyOf = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The names by which the file may give an option: `api_key_env`, `api_key_file`. */
export function keysOf(name: string, { elsewhere }: Option<unknown>): string[] {
  const key = keyOf(name);
  if (elsewhere === undefined) return [key];
  return [...(elsewhere === "password" ? [key] : []), `${key}_env`, `${key}_file`];
}

const reading = (called: string, read: () => unknown): Field => {
  try {
    return { called, found: { value: read() } };
  } catch (error) {
    return { called, found: { complaints: [`${called} must be ${(error as Error).message}.`] } };
  }
};

function elsewhere(key: string, value: unknown, { env, folder }: Fields): Elsewhere {
  return key.endsWith("_env") ? fromVariable(value, env) : fromFile(value, folder);
}

function literal(option: Option<unknown>, key: string, fields: Fields): unknown {
  const { [key]: value } = fields.content;
  const isSecret =
    option.elsewhere === "always" ||
    (option.elsewhere === "password" && typeof value === "string" && holdsSecret(value));
  if (isSecret)
    throw new Error(`left out: name a variable or a file with the secret in ${key}_env or ${key}_file`);
  const read = option.read(value);
  return option.names === "folder" || option.names === "file" ? resolve(fields.folder, String(read)) : read;
}

function header(name: string, value: unknown, fields: Fields): [name: string, text: unknown] {
  const fault = headerFault(name, ELSEWHERE.test(name) ? "" : value);
  if (fault !== undefined) throw new Error(fault);
  if (isSecretName(name))
    throw new Error(`left out: name a variable or a file with the secret in ${name}_env or ${name}_file`);
  if (!ELSEWHERE.test(name)) return [name, value];
  const kept = name.replace(ELSEWHERE, "");
  const checked = (text: string) => {
    const wrong = headerFault(kept, text);
    if (wrong === undefined) return text;
    throw new Error(wrong);
  };
  return [kept, parseElsewhere(elsewhere(name, value, fields), checked)];
}

const isSameHeader = (...names: [string, string]) => {
  const [one, other] = names.map((name) => name.replace(ELSEWHERE, "").toLowerCase());
  return one === other;
};

function headers(key: string, fields: Fields): Field {
  const called = fields.at + key;
  const { [key]: value } = fields.content;
  if (!isRecord(value)) return reading(called, () => checkedHeaders(value));
  const read = Object.entries(value).map(([name, text], at, all) =>
    reading(`${called}.${name}`, () => {
      const other = all.slice(0, at).find(([earlier]) => isSameHeader(earlier, name));
      if (other) throw new Error(`left out beside ${other[0]}`);
      return header(name, text, fields);
    }),
  );
  const complaints = read.flatMap(({ found }) => ("complaints" in found ? found.complaints : []));
  if (complaints.length > 0) return { called, found: { complaints } };
  const entries = read.map(({ found }) => ("value" in found ? (found.value as [string, string]) : ["", ""]));
  return { called, found: { value: Object.fromEntries(entries) } };
}

/** What an object of the file says about an option; undefined if nothing. */
export function readField(name: string, option: Option<unknown>, fields: Fields): Field | undefined {
  const key = keyOf(name);
  const forms = option.elsewhere === undefined ? [key] : [key, `${key}_env`, `${key}_file`];
  const [first, second] = forms.filter((form) => Object.hasOwn(fields.content, form));
  if (first === undefined) return undefined;
  if (name === "headers") return headers(key, fields);
  return reading(fields.at + (second ?? first), () => {
    if (second !== undefined) throw new Error(`left out beside ${first}`);
    if (first === key) return literal(option, key, fields);
    return parseElsewhere(elsewhere(first, fields.content[first], fields), option.parse);
  });
}

/** One sentence for each name that no field has. `names` are those that one can have meant. */
export function unknownNames(
  { content, at }: Fields,
  { known, names }: { known: ReadonlySet<string>; names: readonly string[] },
): string[] {
  return Object.keys(content)
    .filter((key) => !known.has(key))
    .map((key) => {
      const close = nearest(key, names);
      const named = JSON.stringify(repeatable(key).slice(0, 80)).slice(1, -1);
      return `${at}${named} is not known.${close === undefined ? "" : ` Did you mean ${close}?`}`;
    });
}

/** Reads all fields of an object. `found` has the values of those that can be used. */
export function readFields(
  table: Readonly<Record<string, Option<unknown>>>,
  fields: Fields,
): { found: Record<string, unknown>; complaints: string[] } {
  const options = Object.entries(table);
  const names = options.flatMap(([name, option]) => keysOf(name, option));
  const known = new Set([...names, ...options.map(([name]) => keyOf(name))]);
  const complaints = unknownNames(fields, { known, names });
  const found: Record<string, unknown> = {};
  for (const [name, option] of options) {
    const field = readField(name, option, fields);
    if (field === undefined) continue;
    if ("value" in field.found) found[name] = field.found.value;
    else complaints.push(...field.found.complaints);
  }
  return { found, complaints };
}
