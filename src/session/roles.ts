import type { Role } from "../client/conversations/record.ts";
import type { Choice } from "./finding.ts";
import { NO_ROLE } from "../client/kept/own-names.ts";
import { findRole } from "./role.ts";
import type { Room } from "./room.ts";
import type { Saver } from "./saving.ts";

/** The roles of the user (docs/session.md#roles). */
export interface Roles {
  /** Undefined if there is nothing to choose from, which is then printed. */
  choices(): Promise<Choice[] | undefined>;
  /** The next questions of this conversation have that role; `none` ends it. What is wrong is printed. */
  choose(name: string): Promise<void>;
  /** Opens the file of a role with `open`, which tells what went wrong; makes it if there is none. */
  edit(name: string, open: (path: string) => string | undefined): Promise<void>;
}

export function createRoles(
  room: Room,
  saver: Pick<Saver, "keepRole">,
): Roles & { take: (role: Role | undefined) => Promise<void> } {
  const { note, dispatch, state, roles } = room;

  const take = async (role: Role | undefined) => {
    dispatch({ type: "role", role });
    await saver.keepRole(role);
  };

  return {
    take,
    async choices() {
      const { role } = state();
      const found = (await roles?.list()) ?? [];
      if (found.length === 0 && role === undefined) {
        note("dim", "There are no roles yet: /role edit NAME writes one.");
        return undefined;
      }
      const named = found.map(({ name, about }) => ({
        id: name,
        title: name,
        detail: name === role?.name ? "chosen" : "",
        words: about,
      }));
      const none = { id: NO_ROLE, title: NO_ROLE, detail: "", words: "no role any more" };
      return role === undefined ? named : [...named, none];
    },
    async choose(name) {
      if (name === NO_ROLE) {
        const { role } = state();
        if (role === undefined) return note("dim", "This conversation has no role.");
        await take(undefined);
        return note("dim", "No role from the next question on.");
      }
      if (roles === undefined) return note("dim", "There are no roles here.");
      const found = await findRole(roles, name);
      if (Array.isArray(found)) return note("warn", ...found);
      await take(found);
      note("dim", `From the next question on: the role ${name}. /role ${NO_ROLE} ends it.`);
    },
    async edit(name, open) {
      const made = roles?.make(name) ?? { why: "There are no roles here." };
      if ("why" in made) return note("warn", made.why);
      const { path, isNew } = made;
      const trouble = open(path);
      const isUnmade = isNew && roles?.unmake(path) === true;
      if (trouble !== undefined) return note("warn", trouble);
      if (isUnmade) return note("dim", "Nothing was written, so there is no such role.");
      const read = roles?.read(name);
      if (read?.kind === "refused") return note("warn", read.why);
      if (read?.kind !== "text") return note("warn", `${path} is gone.`);
      if (state().role?.name !== name) return note("dim", `Saved: ${path}`, `/role ${name} takes it.`);
      await take({ name, instructions: read.text });
      note("dim", `Saved: ${path}`, "From the next question on it is as you wrote it.");
    },
  };
}
