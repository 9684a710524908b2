import { ClientError } from "../../client/failure.ts";
import type { Role } from "../../client/conversations/record.ts";
import { NO_ROLE } from "../../client/kept/own-names.ts";
import { findRole } from "../../session/role.ts";
import type { Call } from "../argv/call.ts";

/**
 * The role that flag, environment or setting name; undefined if none of them does. `isAsked`: the flag. Throws `usage` if
 * there is none of that name, or if its file can't be used.
 */
export async function askedRole({
  values,
  sources,
  places,
}: Pick<Call, "values" | "sources" | "places">): Promise<
  { role: Role | undefined; isAsked: boolean } | undefined
> {
  const name = values.role;
  if (name === undefined) return undefined;
  const isAsked = sources.role === "flag";
  if (name === NO_ROLE) return { role: undefined, isAsked };
  const { openTextFolders } = await import("../../client/kept/own-texts.ts");
  const found = await findRole(openTextFolders(places.config).roles, name);
  if (!Array.isArray(found)) return { role: found, isAsked };
  const [what = "", ...more] = found;
  const hint = more.length > 0 ? more.join(" ") : "Correct the file, or choose another role.";
  throw new ClientError("usage", what, {
    hint: isAsked ? hint : `${hint}${hint.endsWith(".") ? "" : "."} ${fromWhere(sources.role)}`,
  });
}

const fromWhere = (source: string | undefined) =>
  source === "environment" ? "AI_CHAT_ROLE names it." : "The setting role names it.";
