import { errorCode, isMissing } from "../../disk/errors.ts";
import { readRegularSync } from "../../disk/regular-file.ts";
import { scanJson } from "../../text/json-scan.ts";
import { isRecord } from "../../text/loose-json.ts";
import type { Keymap } from "../../tui/composer/keymap.ts";
import { keymapOf } from "../../tui/composer/own-keys.ts";

/** `keys.json` of the user. */
export interface OwnKeys {
  path: string;
  /** Undefined if nothing of the file holds. */
  keymap: Keymap | undefined;
  /** Whole sentences. */
  faults: string[];
  /** What the session says of the file at its start; nothing if it is right. */
  told: string[];
}

/** Reads the file; undefined if there is none, or an empty one. */
export function readOwnKeys(path: string): OwnKeys | undefined {
  const content = contentOf(path);
  if (content === undefined) return undefined;
  const { keymap, faults } =
    "why" in content ? { keymap: undefined, faults: [content.why] } : keymapOf(content.value);
  const all = [...("why" in content ? [] : content.doubled), ...faults];
  const rest = keymap === undefined ? "The keys are the default ones." : "The rest of it holds.";
  const head = `${path} has ${all.length === 1 ? "a fault" : "faults"}. ${rest}`;
  return { path, keymap, faults: all, told: all.length === 0 ? [] : [head, ...all] };
}

type Content = { value: Record<string, unknown>; doubled: string[] } | { why: string };

function contentOf(path: string): Content | undefined {
  let text;
  try {
    // Removes a byte order mark.
    text = new TextDecoder("utf-8", { fatal: true }).decode(readRegularSync(path));
  } catch (error) {
    return isMissing(error)
      ? undefined
      : { why: `It can't be read (${errorCode(error) ?? "unknown error"}).` };
  }
  if (text.trim() === "") return undefined;
  const scanned = scanJson(text);
  if ("broken" in scanned) {
    const { line, column } = scanned.broken;
    return { why: `It is not JSON at line ${line}, column ${column}.` };
  }
  if (!isRecord(scanned.value)) return { why: 'It must be a JSON object, such as {"Ctrl-T": "undo"}.' };
  const doubled = scanned.doubled.map(
    (name) => `${name.path} is there twice (line ${name.line}, column ${name.column}): the last one counts.`,
  );
  return { value: scanned.value, doubled };
}
