import { openSettings } from "../../client/kept/settings.ts";
import type { ModelChoice } from "../../session/model.ts";
import type { Call } from "../argv/call.ts";
import { parseSetting } from "../argv/settings-now.ts";

/** The model that questions to a server name, from flag, environment, or the setting for this server. */
export function askedModel(
  { values, sources, places }: Pick<Call, "values" | "sources" | "places">,
  server: string,
): ModelChoice | undefined {
  const { askModel } = values;
  if (askModel !== undefined)
    return { name: askModel, from: sources.askModel === "flag" ? "flag" : "environment" };
  const name = openSettings({ dir: places.config, parse: parseSetting, server }).get("model");
  return name === undefined ? undefined : { name, from: "setting" };
}
