import type { Role } from "../client/conversations/record.ts";
import type { ApiClient } from "../client/http/contract.ts";
import type { OwnTexts } from "../client/kept/own-texts.ts";
import type { Turn } from "../protocol/bodies.ts";
import { nearest } from "../text/nearest.ts";

/** Whether two roles ask for the same. */
export const isSameRole = (one: Role | undefined, other: Role | undefined): boolean =>
  one?.instructions === other?.instructions;

/** A role by its name; else what to say, whole sentences. */
export async function findRole(roles: OwnTexts, name: string): Promise<Role | string[]> {
  const found = roles.read(name);
  if (found.kind === "text") return { name, instructions: found.text };
  if (found.kind === "refused") return [found.why];
  const names = (await roles.list()).map((role) => role.name);
  const meant = nearest(name, names);
  return [
    `There is no role ${name}${meant === undefined ? "." : `: did you mean ${meant}?`}`,
    names.length === 0
      ? `A role is a file in ${roles.dir ?? "the folder roles of your settings"}, such as teacher.md.`
      : `There are: ${names.join(", ")}`,
  ];
}

/** How the instructions of a role travel with a question. */
export interface CarriedRole {
  /** In a field of their own, if the server takes that. */
  instructions?: string;
  /** Else as the first turns of the history. */
  pinned: readonly Turn[];
  /** What to say of that, once for each server. */
  told?: string;
}

export const leftOutRoleWords = ({ name }: Role): string =>
  `This server takes no instructions: the role ${name} can't be sent.`;

/** What a role is for a server (docs/session.md#roles). */
export async function carriedRole(
  role: Role | undefined,
  client: Pick<ApiClient, "offer">,
  signal?: AbortSignal,
): Promise<CarriedRole> {
  if (role === undefined) return { pinned: [] };
  const { name, instructions } = role;
  const { extensions } = await client.offer(signal);
  // Without either, the client says that they are left out, unless the server can't be reached.
  if (extensions.has("instructions") || !extensions.has("history")) return { instructions, pinned: [] };
  return {
    pinned: [
      { role: "user", content: instructions },
      { role: "assistant", content: "Understood." },
    ],
    told: `This server takes no instructions: the role ${name} is sent as the first turn.`,
  };
}
