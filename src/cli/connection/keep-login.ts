import { ClientError } from "../../client/failure.ts";
import { openCredentials } from "../../client/kept/credentials.ts";
import { openSettings } from "../../client/kept/settings.ts";
import { parseSetting } from "../argv/settings-now.ts";
import { saveLogin } from "../../session/connection.ts";
import type { Call } from "../argv/call.ts";
import { checkServerKnown, placeOf } from "./chosen-server.ts";
import type { Target } from "./target.ts";

/**
 * Rejects if a login could not be saved, or the default server is not known. Called before anything is typed or sent:
 * otherwise `register` would create an account without a login.
 */
export async function checkKeepable(call: Call): Promise<void> {
  checkServerKnown(call);
  const result = await openCredentials({ dir: call.places.config }).isWritable();
  if (result.kept) return;
  throw new ClientError("internal", `A login cannot be saved: ${result.why}`, {
    hint: "Fix that, then try again.",
  });
}

/** Saves a token under its server's name. Throws if it cannot be saved. */
export async function keepLogin(target: Target, login: Parameters<typeof saveLogin>[1]): Promise<void> {
  const result = await saveLogin(target, login);
  if (result.kept) return;
  throw new ClientError("internal", `You are logged in, but the token cannot be saved: ${result.why}`, {
    hint: "Fix that, then log in again.",
  });
}

/** Makes a server that the user named the default if none is set. Resolves to what is to be said (docs/cli.md#logins). */
export async function makeDefault(
  { places, program }: Pick<Call, "places" | "program">,
  name: string,
): Promise<string | undefined> {
  const settings = openSettings({ dir: places.config, parse: parseSetting });
  if (settings.get("server") !== undefined || settings.problem !== undefined) return undefined;
  const result = await settings.set("server", name);
  return result.kept
    ? `Your default server is now ${placeOf(name)}; another one is named with -s, as in: ${program.name} -s URL`
    : `It could not be made your default server: ${result.why}`;
}

/** The same for a server given by flag, as a note. */
export async function makeNamedDefault(call: Call, name: string): Promise<void> {
  if (call.sources.server !== "flag") return;
  const words = await makeDefault(call, name);
  if (words !== undefined) call.output.note(words);
}
