import { homedir } from "node:os";
import { join } from "node:path";
import { openConversations } from "../../../client/conversations/conversations.ts";
import { openCredentials } from "../../../client/kept/credentials.ts";
import { places as placesOf, type Places } from "../../../client/kept/places.ts";
import { oneLine } from "../../../text/sanitize.ts";
import { openSettings } from "../../../client/kept/settings.ts";
import { defaultServer } from "../../argv/options.ts";
import { parseSetting } from "../../argv/settings-now.ts";
import { candidates, type Candidate, type Known } from "./candidates.ts";

/** Longest description in characters, so that a title fits on a line. */
const LONGEST = 72;

/** Whether a value has no characters that a shell interprets: quoting differs between the three shells. */
const isShellSafe = (value: string) => /^[\w@%+:,./[\]=-]+$/.test(value);

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
      const usual = openSettings({ dir: places.config, parse: parseSetting }).get("server") ?? defaultServer;
      return [...(users.has(usual) ? users : users.set(usual, "the default"))].map(([value, about]) => ({
        value,
        about,
      }));
    },
  };
}

/** A value, a tab and a description, on one line without control characters. */
const line = ({ value, about }: Candidate) => `${value}\t${oneLine(about, LONGEST)}\n`;

/**
 * The reply to a shell's script: `folders`, `files`, or `words` and then one line per candidate. Reads only local files. Read errors
 * give no candidates, because an error message would disturb typing.
 */
export async function complete(
  typed: readonly string[],
  env: Record<string, string | undefined>,
): Promise<string> {
  try {
    const places = placesOf({ env, home: homedir(), platform: process.platform });
    const found = await candidates(typed, knownTo(places));
    if (found.kind !== "words") return `${found.kind}\n`;
    return `words\n${found.candidates
      .filter(({ value }) => isShellSafe(value))
      .map(line)
      .join("")}`;
  } catch {
    return "words\n";
  }
}
