import type { Role } from "../client/conversations/record.ts";
import { isOwn, offerAgain } from "./lost.ts";
import type { Room } from "./room.ts";
import type { Saver } from "./saving.ts";
import { counted } from "../text/numbers.ts";

interface BeginningOptions {
  saver: Pick<Saver, "resume" | "resumeNewest">;
  /** Gives the conversation this role, or none. */
  takeRole: (role: Role | undefined) => Promise<void>;
}

/** What a session begins with, once: a conversation, its role, and what an earlier session left. */
export function createBeginning(room: Room, { saver, takeRole }: BeginningOptions) {
  let { beginning, pending, unsent = [] } = room;
  let askedRole = room.role?.isAsked === true ? room.role : undefined;

  /** The role that was asked for wins over that of the conversation with which the session begins. */
  const takeAskedRole = async () => {
    const asked = askedRole;
    askedRole = undefined;
    if (asked !== undefined && room.state().conversation !== undefined) await takeRole(asked.role);
  };

  return {
    takeAskedRole,
    /** Whether `begin` prints anything. */
    get prints() {
      return beginning !== undefined || pending !== undefined || unsent.length > 0;
    },
    /**
     * Loads the conversation that the options name, once; by default that of a question whose session was killed. `choose` is
     * up to the face. Resolves to whether it is loaded.
     */
    async begin(): Promise<boolean> {
      const lost = pending;
      const id = lost !== undefined && isOwn(lost, room) ? lost.conversation : undefined;
      const wanted = beginning ?? (id === undefined ? undefined : { kind: "id", id });
      const { length } = unsent;
      pending = beginning = undefined;
      unsent = [];
      let isBegun = true;
      if (wanted?.kind === "newest") isBegun = await saver.resumeNewest();
      if (wanted?.kind === "id") isBegun = await saver.resume(wanted.id);
      if (isBegun && wanted !== undefined && wanted.kind !== "choose") await takeAskedRole();
      if (length > 0) room.note("dim", `Not sent by an earlier session: ${counted(length, "question")}.`);
      if (lost !== undefined) await offerAgain(lost, room);
      return isBegun;
    },
  };
}
