import { dirname, resolve } from "node:path";
import { errorCode } from "../../disk/errors.ts";
import { readRegularSync } from "../../disk/regular-file.ts";
import { scanJson } from "../../text/json-scan.ts";
import { isRecord } from "../../text/loose-json.ts";
import { keyOf, keysOf, readField, unknownNames, type Field, type Fields } from "./config-fields.ts";
import { readModels } from "./config-models.ts";
import type { FileModel } from "./model-options.ts";
import type { Option } from "./option.ts";
import { serverOptions } from "./server-options.ts";
import { serverSecrets } from "./server-secrets.ts";

/** The options that the configuration file can give. */
export const fileOptions: Readonly<Record<string, Option<unknown>>> = { ...serverOptions, ...serverSecrets };

/** The configuration file of a server, as far as it could be read (docs/server.md#configuration-file). */
export interface ConfigFile {
  path: string;
  /** What it says about an option; undefined if nothing. */
  field(name: string): Field | undefined;
  /** Undefined if the file has none, or if only some options are asked for. */
  models: FileModel[] | undefined;
  /** What is also wrong if there is no key for OpenAI. */
  keyless: string[];
  /** Whole sentences, except those about fields of the first level. */
  complaints: string[];
}

function contentOf(path: string): { content: Record<string, unknown> } | { complaints: string[] } {
  const fail = (...why: string[]) => ({ complaints: why.map((words) => `${path} ${words}`) });
  let text;
  try {
    // Removes a byte order mark.
    text = new TextDecoder("utf-8", { fatal: true }).decode(readRegularSync(path));
  } catch (error) {
    return fail(`can't be read (${errorCode(error) ?? "unknown error"}).`);
  }
  const scanned = scanJson(text);
  if ("broken" in scanned) {
    const { line, column } = scanned.broken;
    return fail(`is not JSON at line ${line}, column ${column}.`);
  }
  if (scanned.doubled.length > 0)
    return fail(
      ...scanned.doubled.map(
        ({ path, line, column }) => `has ${path} twice: line ${line}, column ${column}.`,
      ),
    );
  return isRecord(scanned.value) ? { content: scanned.value } : fail("must be a JSON object.");
}

/** Complaints about names, contradictions and models. */
function checkWhole(fields: Fields): Pick<ConfigFile, "models" | "keyless" | "complaints"> {
  const { content, at } = fields;
  const names = [
    ...Object.entries(fileOptions).flatMap(([name, option]) => keysOf(name, option)),
    "models",
    "$schema",
  ];
  const known = new Set([...names, ...Object.keys(fileOptions).map(keyOf)]);
  const complaints = unknownNames(fields, { known, names });
  if (Object.hasOwn(content, "$schema") && typeof content.$schema !== "string")
    complaints.push(`${at}$schema must be text in quotes.`);
  const stores = keysOf("store", serverOptions.store).filter((key) => Object.hasOwn(content, key));
  if (Object.hasOwn(content, "data") && stores.length > 0)
    complaints.push(`${at}data must be left out beside ${stores[0]}.`);
  if (!Object.hasOwn(content, "models")) return { models: undefined, keyless: [], complaints };
  const read = readModels(fields);
  return { ...read, complaints: [...complaints, ...read.complaints] };
}

/**
 * Reads the configuration file. `whole`: also checks what belongs to no single option. A command that uses only some
 * options must not fail on others, such as the variable of an API key that only the server has.
 */
export function readConfigFile(
  path: string,
  { whole, env }: { whole: boolean; env: Fields["env"] },
): ConfigFile {
  const none = { path, field: () => undefined, models: undefined, keyless: [] };
  const read = contentOf(path);
  if ("complaints" in read) return { ...none, complaints: read.complaints };
  const fields = { content: read.content, at: `${path}: `, folder: dirname(resolve(path)), env };
  return {
    ...none,
    field: (name) => {
      const option = Object.hasOwn(fileOptions, name) ? fileOptions[name] : undefined;
      return option && readField(name, option, fields);
    },
    ...(whole ? checkWhole(fields) : { complaints: [] }),
  };
}
