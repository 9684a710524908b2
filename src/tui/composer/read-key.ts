import { canonical, keyLabel } from "./key-name.ts";

const named =
  /^(?:enter|escape|tab|backspace|delete|insert|up|down|left|right|home|end|pageup|pagedown|space|f(?:[1-9]|1\d|2[0-4]))$/;

const spelled = new Map([
  ["esc", "escape"],
  ["return", "enter"],
  ["del", "delete"],
  ["ins", "insert"],
  ["pgup", "pageup"],
  ["pgdn", "pagedown"],
  ["page-up", "pageup"],
  ["page-down", "pagedown"],
]);

/** The key that a person writes as `Ctrl-R`, `alt+enter` or `F5`, or why it is none: words that follow its name. */
export function readKey(typed: string): { key: string } | { why: string } {
  const [, before = "", last = ""] = /^((?:(?:ctrl|control|alt|shift)[-+])*)(.*)$/is.exec(typed) ?? [];
  const has = (modifier: RegExp) => modifier.test(before);
  const [ctrl, alt, shift] = [has(/ctrl|control/i), has(/alt/i), has(/shift/i)];
  const lower = last.toLowerCase();
  const name = spelled.get(lower) ?? lower;
  const isNamed = named.test(name);
  if (!isNamed && !/^[!-~]$/.test(name)) return { why: "is no key" };
  const modifiers = `${ctrl ? "ctrl+" : ""}${alt ? "alt+" : ""}${shift ? "shift+" : ""}`;
  const key = modifiers + name;
  const one = canonical(key);
  if (one !== key) return { why: `is ${keyLabel(one)} to a terminal: name that` };
  if (!ctrl && !alt && (!isNamed || name === "space")) return { why: "types a character" };
  if (ctrl && shift && /^[a-z]$/.test(name))
    return { why: `is ${keyLabel(`ctrl+${alt ? "alt+" : ""}${name}`)} to most terminals` };
  if (ctrl && /^\d$/.test(name)) return { why: "is another key, or none, to most terminals" };
  if (key === "alt+[" || key === "alt+shift+o") return { why: "begins other keys of a terminal" };
  return { key };
}

/** Whether every terminal can send the key. Others need the kitty protocol. */
export function isCommon(key: string): boolean {
  if (/(?:ctrl|shift)\+(?:.*\+)?(?:enter|escape|tab|backspace)$/.test(key)) return false;
  return !key.startsWith("ctrl+") || /\+(?:[a-z_^\\\]]|..+)$/.test(key);
}
