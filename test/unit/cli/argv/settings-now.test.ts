import { expect, test } from "vitest";
import { options, optionNamed, type OptionName } from "../../../../src/cli/argv/options.ts";
import { optionOfSetting, parseSetting, settingsNow } from "../../../../src/cli/argv/settings-now.ts";
import { settingNames, type Settings, type SettingValues } from "../../../../src/client/kept/settings.ts";

const kept = (values: Partial<SettingValues>): Settings => ({
  path: undefined,
  problem: undefined,
  fault: () => undefined,
  get: (name) => values[name],
  set: async () => ({ kept: true }),
  unset: async () => ({ kept: true }),
});

test("every setting has one option, and every option with a setting is shown by config list", () => {
  const named = (Object.keys(options) as OptionName[]).filter(
    (name) => optionNamed(name).setting !== undefined,
  );
  expect(named.sort()).toEqual(settingNames.map(optionOfSetting).sort());
});

test("a setting takes what a person types for a value", () => {
  expect(parseSetting("server", "Chat.Example.org/")).toBe("https://chat.example.org");
  expect(parseSetting("server", "local")).toBe("local");
  expect(parseSetting("save", "no")).toBe(false);
  expect(parseSetting("plain", "TRUE")).toBe(true);
  expect(parseSetting("timeout", "60")).toBe(60);
  expect(parseSetting("editor", " code --wait ")).toBe("code --wait");
});

test.each([
  ["server", "ftp://example.org"],
  ["save", "maybe"],
  ["plain", ""],
  ["timeout", "0"],
  ["timeout", "0.05"],
  ["timeout", "-1"],
  ["timeout", "1e3"],
  ["timeout", "soon"],
  ["timeout", "999999"],
  ["editor", " "],
] as const)("a setting %s of %j is refused in words, as its flag would be", (name, text) => {
  expect(() => parseSetting(name, text)).toThrow(
    /^(true or false|some text|local, or|a number of seconds from)/,
  );
});

test("the environment goes before the file, and the file before the default that the commands use", () => {
  const env = { AI_CHAT_SERVER: "b.example", VISUAL: "", EDITOR: "nano" };
  const settings = kept({ server: "https://a.example", timeout: 7 });
  expect(settingsNow(settings, env)).toEqual([
    { key: "server", value: "https://b.example", source: "environment" },
    { key: "model", value: null, source: "default" },
    { key: "role", value: null, source: "default" },
    { key: "save", value: true, source: "default" },
    { key: "plain", value: false, source: "default" },
    { key: "theme", value: "auto", source: "default" },
    { key: "notify", value: "auto", source: "default" },
    { key: "timeout", value: 7, source: "file" },
    { key: "editor", value: "nano", source: "environment" },
  ]);
  expect(settingsNow(kept({}), {}).map(({ value }) => value)).toEqual([
    "http://127.0.0.1:8000",
    null,
    null,
    true,
    false,
    "auto",
    "auto",
    300,
    options.editor.fallback,
  ]);
});

test("a variable that can't be used is named, and what may be a password isn't shown", () => {
  const tell = () => settingsNow(kept({}), { AI_CHAT_SERVER: "http://u:geheim@x" });
  expect(tell).toThrow(/^AI_CHAT_SERVER must be local, or an address/);
  expect(tell).not.toThrow(/geheim/);
});
