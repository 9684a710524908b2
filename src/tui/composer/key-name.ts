/**
 * Key presses that are one key to most terminals, by the name that the table of keys has. With the kitty protocol some of
 * them arrive as keys of their own.
 */
const same = new Map([
  ["ctrl+m", "enter"],
  ["ctrl+i", "tab"],
  ["ctrl+h", "backspace"],
  ["ctrl+?", "backspace"],
  ["ctrl+[", "escape"],
  ["ctrl+@", "ctrl+space"],
  ["ctrl+-", "ctrl+_"],
  ["ctrl+shift+_", "ctrl+_"],
  ["ctrl+shift+-", "ctrl+_"],
  ["ctrl+/", "ctrl+_"],
  ["alt+shift+<", "alt+<"],
]);

/** The name of a key press in the table of keys. */
export const canonical = (key: string): string => same.get(key) ?? key;

const labels = new Map([
  ["escape", "Esc"],
  ["pageup", "Page-Up"],
  ["pagedown", "Page-Down"],
]);

/** `ctrl+r` as `Ctrl-R`, `escape` as `Esc`. */
export function keyLabel(key: string): string {
  const parts = /^(.*\+)?(.+)$/.exec(key)!;
  const modifiers = (parts[1] ?? "").split("+").slice(0, -1);
  const capital = (part: string) => part.slice(0, 1).toUpperCase() + part.slice(1);
  return [...modifiers.map(capital), labels.get(parts[2]!) ?? capital(parts[2]!)].join("-");
}
