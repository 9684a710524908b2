import { homedir } from "node:os";
import { join } from "node:path";
import { openConversations } from "../../../client/conversations/conversations.ts";
import { openCredentials } from "../../../client/kept/credentials.ts";
import { places as placesOf, type Places } from "../../../client/kept/places.ts";
import { oneLine } from "../../../text/sanitize.ts";
import { openSettings } from "../../../client/kept/settings.ts";
import { usualServer } from "../../argv/options.ts";
import { parseSetting } from "../../argv/settings-now.ts";
import { candidates, type Candidate, type Known } from "./candidates.ts";

/** Longest description, in characters: a title is a line in a list. */
const LONGEST = 72;

/**
 * What may become part of a command line: nothing that a shell gives a meaning to. A server's address with `$(…)` in
 * its path is left out rather than quoted in three ways.
 */
const isHarmless = (value: string) => /^[\w@%+:,./[\]=-]+$/.test(value);

function knownTo(places: Places): Known {
  return {
    async conversations() {
      const dir = places.data === undefined ? undefined : join(places.data, "conversations");
      const all = openConversations({ dir, now: Date.now });
      return (await all.list()).map(({ id, title }) => ({ value: id, about: title }));
    },
    async servers() {
      const users = new Map([["local", "your own server on this machine"]]);
      for (const { server, entry } of openCredentials({ dir: places.config }).list())
        users.set(server, entry.username === "" ? "" : `you are ${entry.username}`);
      const usual = openSettings({ dir: places.config, parse: parseSetting }).get("server") ?? usualServer;
      return [...(users.has(usual) ? users : users.set(usual, "the default"))].map(([value, about]) => ({
        value,
        about,
      }));
    },
  };
}

/** A value and, behind a tab, what it is; both on one line without control characters. */
const line = ({ value, about }: Candidate) => `${value}\t${oneLine(about, LONGEST)}\n`;

/**
 * The answer to a shell's script: `words` or `folders`, then a line for each candidate. Reads local files alone; what
 * can't be read gives no candidates, for nobody wants an error in the middle of typing.
 */
export async function complete(
  typed: readonly string[],
  env: Record<string, string | undefined>,
): Promise<string> {
  try {
    const places = placesOf({ env, home: homedir(), platform: process.platform });
    const found = await candidates(typed, knownTo(places));
    if (found.kind === "folders") return "folders\n";
    return `words\n${found.candidates
      .filter(({ value }) => isHarmless(value))
      .map(line)
      .join("")}`;
  } catch {
    return "words\n";
  }
}
