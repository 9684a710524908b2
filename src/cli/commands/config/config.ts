import { ClientError } from "../../../client/failure.ts";
import {
  isSettingName,
  openSettings,
  settingNames,
  type SettingName,
  type SettingValues,
  type Settings,
} from "../../../client/kept/settings.ts";
import type { Call } from "../../argv/call.ts";
import { serverName } from "../../connection/chosen-server.ts";
import type { PathDocument, SettingDocument } from "./document.ts";
import { repeatable } from "../../../text/repeatable.ts";
import { parseSetting, settingsNow, type SettingNow } from "../../argv/settings-now.ts";
import { nearest } from "../../../text/nearest.ts";

type Action = (call: Call, settings: Settings, words: readonly string[]) => Promise<void>;

function wrong(call: Call, message: string): ClientError {
  return new ClientError("usage", message, { hint: `See: ${call.program.name} config --help` });
}

function checkCount(call: Call, words: readonly string[], wanted: readonly string[]): void {
  const usage = ["config", call.words[0], ...wanted].join(" ");
  const missing = wanted.slice(words.length);
  if (missing.length > 0)
    throw wrong(call, `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing: ${usage}`);
  if (words.length > wanted.length) throw wrong(call, `There are too many words. It is: ${usage}`);
}

function keyOf(typed = ""): SettingName {
  if (isSettingName(typed)) return typed;
  const close = nearest(typed, settingNames);
  const hint =
    close === undefined ? `The settings are: ${settingNames.join(", ")}` : `Did you mean: ${close}`;
  throw new ClientError("usage", `There is no setting ${JSON.stringify(repeatable(typed).slice(0, 80))}.`, {
    hint,
  });
}

function checkKept(result: { kept: true } | { kept: false; why: string }): void {
  if (result.kept) return;
  throw new ClientError("internal", `The setting cannot be saved: ${result.why}`, {
    hint: "Fix that, then try again.",
  });
}

const now = (call: Call, settings: Settings, key: SettingName): SettingNow | undefined =>
  settingsNow(settings, call.env).find((setting) => setting.key === key);

/** Throws if the file cannot be read or has an invalid value. */
function checkKnown(fault: string | undefined): void {
  if (fault === undefined) return;
  throw new ClientError("internal", fault, { hint: "Until it is fixed, the default is used." });
}

const shown = ({ value }: SettingNow) => (value === null ? "" : String(value));

function table(all: SettingNow[]): string {
  const widest = Math.max(...all.map((setting) => shown(setting).length));
  return all
    .map((setting) => `${setting.key.padEnd(8)} ${shown(setting).padEnd(widest)}  ${setting.source}`)
    .join("\n");
}

/** Prints the values in effect even if the file cannot be read; the exit code is then that of a failure. */
const list: Action = async (call, settings, words) => {
  checkCount(call, words, []);
  const all = settingsNow(settings, call.env);
  if (call.output.json) await call.output.document(all satisfies SettingDocument[]);
  else await call.output.line(table(all));
  checkKnown(settings.problem);
};

const get: Action = async (call, settings, words) => {
  checkCount(call, words, ["KEY"]);
  const key = keyOf(words[0]);
  const setting = now(call, settings, key);
  if (!setting) return;
  // A script must not get a default while the file may have another value.
  if (setting.source !== "environment") checkKnown(settings.fault(key));
  if (call.output.json) return call.output.document(setting satisfies SettingDocument);
  await call.output.line(shown(setting));
};

/** Prints the value in effect after a change; a note says if a variable overrides it. */
async function printSetting(call: Call, settings: Settings, key: SettingName): Promise<void> {
  const setting = now(call, settings, key);
  if (!setting) return;
  if (call.output.json) return call.output.document(setting satisfies SettingDocument);
  if (key === "model") call.output.note(`This is the model for ${serverName(call)}.`);
  if (setting.source === "environment")
    call.output.note(
      `The environment takes precedence over the settings: ${key} is still ${shown(setting)}.`,
    );
}

/** Throws `usage` if the value is invalid. The message does not repeat it, because it may contain a password. */
function valueOf(call: Call, key: SettingName, typed: string): SettingValues[SettingName] {
  try {
    return parseSetting(key, typed);
  } catch (error) {
    throw wrong(call, `${key} must be ${error instanceof Error ? error.message : "something else"}.`);
  }
}

const set: Action = async (call, settings, words) => {
  checkCount(call, words, ["KEY", "VALUE"]);
  const key = keyOf(words[0]);
  checkKept(await settings.set(key, valueOf(call, key, words[1] ?? "")));
  await printSetting(call, settings, key);
};

const unset: Action = async (call, settings, words) => {
  checkCount(call, words, ["KEY"]);
  const key = keyOf(words[0]);
  checkKept(await settings.unset(key));
  await printSetting(call, settings, key);
};

const path: Action = async (call, settings, words) => {
  checkCount(call, words, []);
  if (settings.path === undefined)
    throw new ClientError("internal", "There is no home folder to keep settings in.", {
      hint: "Set HOME or XDG_CONFIG_HOME.",
    });
  if (call.output.json) return call.output.document({ path: settings.path } satisfies PathDocument);
  await call.output.line(settings.path);
};

const actions = new Map<string, Action>(Object.entries({ list, get, set, unset, path }));

/** `config`: shows and changes this user's settings, and the source of each value. */
export async function config(call: Call): Promise<void> {
  const [word = "", ...words] = call.words;
  const action = actions.get(word);
  const wanted = [...actions.keys()].join(", ");
  if (!action)
    throw wrong(call, word === "" ? `config needs one of: ${wanted}.` : `config takes one of: ${wanted}.`);
  const [key] = words;
  if (call.sources.server === "flag" && word !== "list" && key !== "model")
    throw wrong(call, `--server goes with the setting model: only that one is kept for each server.`);
  const server = serverName(call);
  const settings = openSettings({ dir: call.places.config, parse: parseSetting, server });
  await action(call, settings, words);
  if (settings.problem !== undefined) call.output.note(settings.problem);
}
