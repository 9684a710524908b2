import { nearest } from "../../text/nearest.ts";
import { printableJson } from "../../text/sanitize.ts";
import { keyLabel } from "./key-name.ts";
import { createKeymap, keyActions, type ActionName, type Keymap } from "./keymap.ts";
import { isCommon, readKey } from "./read-key.ts";

/** The names of actions that are not what the table has with dashes: there they are names of keys. */
const renamed: Partial<Record<ActionName, string>> = { enter: "send", escape: "cancel" };

/** How `keys.json` names each action (docs/session.md#keys-of-your-own). */
export const actionNames: ReadonlyMap<string, ActionName> = new Map(
  keyActions.map(({ name }) => [
    renamed[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    name,
  ]),
);

/** Actions without which nobody can send, stop or leave, and the key that they keep. */
const needed = [
  { action: "send", key: "enter" },
  { action: "cancel", key: "escape" },
  { action: "interrupt", key: "ctrl+c" },
];

/** The keys as a user set them, key → action or null, and what is wrong with that; the rest holds. */
export function keymapOf(content: Readonly<Record<string, unknown>>): {
  keymap: Keymap;
  faults: string[];
} {
  const faults: string[] = [];
  const own = new Map<string, ActionName | null>();
  for (const [typed, value] of Object.entries(content)) {
    const shown = printableJson(typed.slice(0, 40));
    const read = readKey(typed);
    const action = typeof value === "string" ? actionNames.get(value) : value === null ? null : undefined;
    if ("why" in read) faults.push(`${shown} ${read.why}.`);
    else if (action === undefined) faults.push(`${shown} has ${noAction(value)}`);
    else {
      if (own.has(read.key)) faults.push(`${keyLabel(read.key)} is there twice: the last one counts.`);
      own.delete(read.key);
      own.set(read.key, action);
    }
  }
  // One that stays may take the last key of another.
  for (let lost = lostBy(own); lost !== undefined; lost = lostBy(own)) {
    own.delete(lost.key);
    faults.push(
      `${lost.action} needs a key that every terminal can send: ${keyLabel(lost.key)} does that, as by default.`,
    );
  }
  return { keymap: createKeymap(own), faults };
}

/** The first needed action that has no key any more, and the one that it keeps. */
function lostBy(own: ReadonlyMap<string, ActionName | null>): (typeof needed)[number] | undefined {
  const keymap = createKeymap(own);
  return needed.find(({ action }) => !keymap.keysOf(actionNames.get(action)!).some(isCommon));
}

function noAction(value: unknown): string {
  if (typeof value !== "string") return "neither an action in quotes nor null.";
  const meant = nearest(value, [...actionNames.keys()]);
  const shown = printableJson(value.slice(0, 40));
  return `the action ${shown}, which does not exist${meant === undefined ? "." : `: ${meant}?`}`;
}
