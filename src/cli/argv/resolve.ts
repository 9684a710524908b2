import { isApiKey } from "../../protocol/api-key.ts";
import type { SettingName } from "../../client/kept/settings.ts";
import type { FieldValue } from "./config-fields.ts";
import { fileOptions, readConfigFile, type ConfigFile } from "./config-file.ts";
import { fromFile, parseElsewhere } from "./elsewhere.ts";
import type { FileModel } from "./model-options.ts";
import { textsOf, type Option } from "./option.ts";
import { optionNamed, options, type OptionName, type Values } from "./options.ts";
import { repeatable } from "../../text/repeatable.ts";

export type Source = "flag" | "environment" | "file" | "default";

export interface Resolved {
  values: Values;
  sources: Partial<Record<OptionName, Source>>;
  /** Options as they were typed: text, or true for a switch. */
  flags: ReadonlyMap<OptionName, string | true>;
  /** One sentence for each variable that was ignored. */
  warnings: string[];
  /** The list `models` of the configuration file; undefined if it has none. */
  models: FileModel[] | undefined;
}

/** The sources of values, highest precedence first (docs/cli.md#precedence). */
export interface Given {
  flags: Resolved["flags"];
  env: Record<string, string | undefined>;
  /** The settings file. */
  setting: (key: SettingName) => string | number | boolean | undefined;
}

type Env = Given["env"];

interface Found {
  source: Source;
  /** The source's name: `--port`, `AI_CHAT_PORT`, `the setting timeout`, `/etc/chat.json: port`. */
  called: string;
  /** The value, or whole sentences about it. */
  found: FieldValue;
}

const quoted = (text: string) => JSON.stringify(repeatable(textsOf(text).join(" ")).slice(0, 80));

/** Reads a value. `text` is quoted if it is wrong, unless it is a secret. */
function reading(
  source: Source,
  called: string,
  option: Option<unknown>,
  { text, read }: { text: string | undefined; read: () => unknown },
): Found {
  try {
    return { source, called, found: { value: read() } };
  } catch (error) {
    const wanted = error instanceof Error ? error.message : "something else";
    const instead = option.secret === true || text === undefined ? "" : `, not ${quoted(text)}`;
    return { source, called, found: { complaints: [`${called} must be ${wanted}${instead}.`] } };
  }
}

const isSet = (text: string | undefined): text is string => text !== undefined && text !== "";

/** The value of a file that a variable names. Undefined if the variable is not set. */
function ofEnvFile(option: Option<unknown>, env: Env): Found | undefined {
  const { envFile, env: [first = ""] = [] } = option;
  const path = envFile === undefined ? undefined : env[envFile];
  if (envFile === undefined || !isSet(path)) return undefined;
  const read = () => {
    if (isSet(env[first])) throw new Error(`unset, because ${first} is set`);
    return parseElsewhere(fromFile(path, "."), option.parse);
  };
  return reading("environment", envFile, option, { text: undefined, read });
}

/** The value of the source with the highest precedence. An empty environment variable counts as unset. */
function find(
  name: OptionName,
  option: Option<unknown>,
  { flags, env, setting }: Given,
  { warn, file }: { warn: (sentence: string) => void; file: ConfigFile | undefined },
): Found | undefined {
  const parsing = (source: Source, called: string, text: string) =>
    reading(source, called, option, { text, read: () => option.parse(text) });
  const flag = flags.get(name);
  if (flag !== undefined) return parsing("flag", `--${option.flag}`, String(flag));
  const inFile = ofEnvFile(option, env);
  if (inFile) return inFile;
  for (const variable of option.env ?? []) {
    const text = env[variable];
    if (!isSet(text)) continue;
    if (!option.ignored?.test(text)) return parsing("environment", variable, text);
    warn(`${variable} is ignored: ${quoted(text)} is what Kubernetes sets for a service of that name.`);
  }
  const field = file?.field(name);
  if (field) return { source: "file", ...field };
  const kept = option.setting === undefined ? undefined : setting(option.setting);
  if (kept === undefined) return undefined;
  return parsing("file", `the setting ${option.setting}`, String(kept));
}

/** Reads the configuration file if one is named and an option that it can give is asked for. */
function openFile(names: ReadonlySet<OptionName>, path: FieldValue | undefined, env: Env) {
  if (path === undefined || "complaints" in path || typeof path.value !== "string") return undefined;
  const ofFile = Object.keys(fileOptions) as OptionName[];
  if (!ofFile.some((name) => names.has(name))) return undefined;
  return readConfigFile(path.value, { whole: ofFile.every((name) => names.has(name)), env });
}

/** Complaints about a list of models and what else was given. */
function modelComplaints(
  { path, models, keyless }: ConfigFile,
  found: ReadonlyMap<OptionName, Found>,
  { provider }: Values,
): string[] {
  if (models === undefined) return [];
  const beside = (["model", "baseUrl", "headers"] as const).flatMap((name) => {
    const one = found.get(name);
    return one ? [`${one.called} must be left out, because ${path} has a list of models.`] : [];
  });
  return found.has("apiKey") || provider === "demo" ? beside : [...beside, ...keyless];
}

/** A complaint about a key of a chat server that OpenAI would get: only a server with an address takes it. */
function keyComplaints(key: Found | undefined, { apiKey, baseUrl, provider }: Values): string[] {
  if (key === undefined || apiKey === undefined || !isApiKey(apiKey)) return [];
  if (baseUrl !== undefined || provider === "demo") return [];
  return [
    `${key.called} must be a key of OpenAI; this one is of a chat server (aic_…), whose address --base-url would name.`,
  ];
}

/**
 * Resolves the options `names` from flag, environment, files and default. All other options get their default. Returns
 * whole sentences about invalid values; secrets are never quoted.
 */
export function resolve(names: Iterable<OptionName>, given: Given): Resolved & { complaints: string[] } {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(options) as OptionName[]) values[name] = optionNamed(name).fallback;
  const sources: Resolved["sources"] = {};
  const warnings: string[] = [];
  const wanted = new Set(names);
  const warn = (sentence: string) => warnings.push(sentence);
  const config = wanted.has("config")
    ? find("config", optionNamed("config"), given, { warn, file: undefined })
    : undefined;
  const file = openFile(wanted, config?.found, given.env);
  const complaints = [...(file?.complaints ?? [])];
  const found = new Map<OptionName, Found>();
  for (const name of wanted) {
    const one = find(name, optionNamed(name), given, { warn, file });
    sources[name] = one?.source ?? "default";
    if (!one) continue;
    found.set(name, one);
    if ("value" in one.found) values[name] = one.found.value;
    else complaints.push(...one.found.complaints);
  }
  if (file) complaints.push(...modelComplaints(file, found, values as Values));
  complaints.push(...keyComplaints(found.get("apiKey"), values as Values));
  return {
    values: values as Values,
    sources,
    flags: given.flags,
    warnings,
    complaints,
    models: file?.models,
  };
}
