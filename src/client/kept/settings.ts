import { record } from "../../text/loose-json.ts";
import { createKeptFile, type Kept } from "./kept-file.ts";

/** The settings of this user (docs/cli.md#settings). */
export interface SettingValues {
  /** The default server, as `normalizeServer` writes it, or `local`. */
  server: string;
  /** The model that a question names. One for each server. */
  model: string;
  /** The name of the role of new conversations. */
  role: string;
  /** Whether the session keeps conversations. */
  save: boolean;
  /** Whether the session is the line mode. */
  plain: boolean;
  /** The colours of the session and of answers. */
  theme: "auto" | "dark" | "light" | "ansi" | "none";
  /** How the session tells that a long answer is there. */
  notify: "auto" | "bell" | "off";
  /** Longest silence of the server in seconds. */
  timeout: number;
  /** The command that Ctrl-G opens. */
  editor: string;
}

export type SettingName = keyof SettingValues;

/** Parses the value of a setting as a person types it. Throws if it is invalid. */
export type ParseSetting = <Name extends SettingName>(name: Name, text: string) => SettingValues[Name];

/** Settings that must be strings in the file: `URL` would read a number as an IPv4 address. */
const texts = new Set<SettingName>(["server", "model", "role", "editor"]);

/** A value of the file as a person types it; empty, which is never valid, for any other value. */
function typedAs(name: SettingName, value: unknown): string {
  if (typeof value === "string") return value;
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return isPlain && !texts.has(name) ? String(value) : "";
}

/** Every setting, in the order in which they are shown. */
export const settingNames = [
  "server",
  "model",
  "role",
  "save",
  "plain",
  "theme",
  "notify",
  "timeout",
  "editor",
] as const satisfies SettingName[];

/** Whether the text names a setting. */
export function isSettingName(text: string): text is SettingName {
  return settingNames.some((name) => name === text);
}

/** This user's settings (`config.json`). Reading never throws; writing resolves to whether it was kept. */
export interface Settings {
  readonly path: string | undefined;
  /** Which file or value has a problem and how to repair it, as of the last read or write. */
  readonly problem: string | undefined;
  /** The problem with this setting; `undefined` if there is none. */
  fault(name: SettingName): string | undefined;
  /** `undefined` if it is not set, or invalid. */
  get<Name extends SettingName>(name: Name): SettingValues[Name] | undefined;
  set<Name extends SettingName>(name: Name, value: SettingValues[Name]): Promise<Kept>;
  unset(name: SettingName): Promise<Kept>;
}

interface SettingsOptions {
  dir: string | undefined;
  parse: ParseSetting;
  /** As `normalizeServer` writes it, or `local`. */
  server?: string;
}

const own = (content: Record<string, unknown>, key: string) =>
  Object.hasOwn(content, key) ? content[key] : undefined;

/**
 * The settings in `dir`; `undefined` (no home folder) keeps nothing and says so. Read once, when a value is first asked for,
 * and again after a change. A value of the file is parsed as one that a person types. `server`: whose `model` is read and
 * written; without it that is not set.
 */
export function openSettings({ dir, parse, server = "" }: SettingsOptions): Settings {
  const file = createKeptFile({ dir, name: "config" });
  const wrong = new Map<SettingName, string>();
  let known: Record<string, unknown> | undefined;

  /** `model` is an object in the file, by server. Anything else has no valid value. */
  const modelIn = (content: Record<string, unknown>): unknown => {
    const value = own(content, "model");
    const models = record(value);
    return models ? own(models, server) : value === undefined ? undefined : null;
  };

  const change = (name: SettingName, value: SettingValues[SettingName] | undefined) => {
    wrong.clear();
    known = undefined;
    return file.change((content) => {
      content[name] = name === "model" ? { ...record(content.model), [server]: value } : value;
    });
  };

  const get = <Name extends SettingName>(name: Name): SettingValues[Name] | undefined => {
    const content = (known ??= file.read());
    wrong.delete(name);
    const value = name === "model" ? modelIn(content) : own(content, name);
    if (value === undefined) return undefined;
    try {
      return parse(name, typedAs(name, value));
    } catch {
      wrong.set(name, `${file.path} has a ${name} that can't be used. Set it anew, or unset it.`);
      return undefined;
    }
  };

  return {
    path: file.path,
    get problem() {
      return file.problem ?? [...wrong.values()][0];
    },
    fault: (name) => file.problem ?? wrong.get(name),
    get,
    set: change,
    unset: (name) => change(name, undefined),
  };
}
