import { join } from "node:path";
import { openConversations } from "../../../client/conversations/conversations.ts";
import { openCredentials } from "../../../client/kept/credentials.ts";
import { places as placesOf, type Places } from "../../../client/kept/places.ts";
import { oneLine } from "../../../text/sanitize.ts";
import type { ApiClient, ModelOffer } from "../../../client/http/contract.ts";
import { counted } from "../../../text/numbers.ts";
import { NO_ROLE } from "../../../client/kept/own-names.ts";
import { openSettings } from "../../../client/kept/settings.ts";
import { defaultServer } from "../../argv/options.ts";
import { parseSetting } from "../../argv/settings-now.ts";
import { candidates, type Candidate, type Known } from "./candidates.ts";
import { homeFolder } from "../../io/home-folder.ts";

/** Longest description in characters, so that a title fits on a line. */
const LONGEST = 72;

/** Whether a value has no characters that a shell interprets: quoting differs between the three shells. */
const isShellSafe = (value: string) => /^[\w@%+:,./[\]=-]+$/.test(value);

/** Milliseconds that a person waits for what a server tells. */
const LONGEST_WAIT_MS = 1_000;

type Env = Record<string, string | undefined>;

/** The server as commands use it. Throws if it is not valid. */
function serverOf(typed: string | undefined, places: Places, { AI_CHAT_SERVER }: Env): string {
  const named = typed ?? (AI_CHAT_SERVER || undefined);
  return named === undefined
    ? (openSettings({ dir: places.config, parse: parseSetting }).get("server") ?? defaultServer)
    : parseSetting("server", named);
}

/** What the server tells within a second; with the token that a command would send. Rejects if it tells nothing. */
async function toldBy<T>(
  server: string,
  places: Places,
  env: Env,
  ask: (client: ApiClient, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (server === "local") throw new Error("It would have to be started.");
  const credentials = openCredentials({ dir: places.config });
  const kept = env.AI_CHAT_TOKEN ? undefined : credentials.get(server);
  const [{ createApiClient }, { proxyOpener }] = await Promise.all([
    import("../../../client/http/api-client.ts"),
    import("../../connection/dispatcher.ts"),
  ]);
  const client = createApiClient({
    server,
    token: env.AI_CHAT_TOKEN || kept?.token,
    scheme: kept?.scheme,
    openDispatcher: await proxyOpener(env),
    offerCache: {
      read: () => credentials.get(server)?.offer,
      write: (offer) => credentials.update(server, { offer }),
    },
  });
  try {
    return await ask(client, AbortSignal.timeout(LONGEST_WAIT_MS));
  } finally {
    await client.close();
  }
}

/** The models that the server offers: as they are kept, else as it tells. */
async function modelsAt(server: string, places: Places, env: Env): Promise<readonly ModelOffer[]> {
  const { fromKept, isFresh } = await import("../../../client/http/offer.ts");
  const kept = openCredentials({ dir: places.config }).get(server)?.offer;
  if (isFresh(kept, Date.now())) return fromKept(kept).models;
  return (await toldBy(server, places, env, (client, signal) => client.offer(signal))).models;
}

function knownTo(places: Places, env: Env): Known {
  return {
    async models(typed) {
      const models = await modelsAt(serverOf(typed, places, env), places, env);
      return models.map(({ name, price, isDefault }) => ({
        value: name,
        about: [price === null ? "" : counted(price, "token"), isDefault ? "the default" : ""]
          .filter((part) => part !== "")
          .join(", "),
      }));
    },
    async keys(typed) {
      const server = serverOf(typed, places, env);
      const keys = await toldBy(server, places, env, (client, signal) => client.keys(signal));
      return keys.map(({ id, name }) =>
        isShellSafe(name) ? { value: name, about: "" } : { value: id, about: name },
      );
    },
    async roles() {
      const { openTextFolders } = await import("../../../client/kept/own-texts.ts");
      const roles = await openTextFolders(places.config).roles.list();
      return [...roles, { name: NO_ROLE, about: "no role" }].map(({ name, about }) => ({
        value: name,
        about,
      }));
    },
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
 * The reply to a shell's script: `folders`, `files`, or `words` and then one line per candidate. Errors give no
 * candidates, because an error message would disturb typing.
 */
export async function complete(typed: readonly string[], env: Env): Promise<string> {
  try {
    const places = placesOf({ env, home: homeFolder(), platform: process.platform });
    const found = await candidates(typed, knownTo(places, env));
    if (found.kind !== "words") return `${found.kind}\n`;
    return `words\n${found.candidates
      .filter(({ value }) => isShellSafe(value))
      .map(line)
      .join("")}`;
  } catch {
    return "words\n";
  }
}
