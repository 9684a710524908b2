import { ClientError } from "../../client/failure.ts";
import { openCredentials } from "../../client/kept/credentials.ts";
import { openSettings } from "../../client/kept/settings.ts";
import { parseSetting } from "../argv/settings-now.ts";
import { saveLogin } from "../../session/connection.ts";
import type { Call } from "../argv/call.ts";
import { checkServerKnown } from "./chosen-server.ts";
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

/** Makes a server given by flag the default if none is set, and prints a note (docs/cli.md#logins). */
export async function makeDefault(
  { sources, places, output, program }: Pick<Call, "sources" | "places" | "output" | "program">,
  name: string,
): Promise<void> {
  if (sources.server !== "flag") return;
  const settings = openSettings({ dir: places.config, parse: parseSetting });
  if (settings.get("server") !== undefined || settings.problem !== undefined) return;
  const result = await settings.set("server", name);
  if (result.kept)
    output.note(
      `${name} is now your default server; another one is named with -s, as in: ${program.name} -s URL`,
    );
  else output.note(`It could not be made your default server: ${result.why}`);
}
