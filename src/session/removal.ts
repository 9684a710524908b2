import type { Room } from "./room.ts";
import type { Saving } from "./saved.ts";
import { resumable } from "./state.ts";

interface RemovalOptions {
  guarded: (work: (saved: Saving) => Promise<void>) => Promise<void>;
  /** The bytes of each conversation's file that this session has read. */
  seenOf: ReadonlyMap<string, number>;
}

/** Deletes the conversation of the session, with the question of it that waits for an answer, and starts a new one. */
export function createRemoval(room: Room, { guarded, seenOf }: RemovalOptions): () => Promise<void> {
  const { state, note } = room;
  return () =>
    guarded(async ({ conversations }) => {
      const id = resumable(state());
      if (id === undefined)
        return note("dim", "Nothing of this conversation is saved. /new starts another one.");
      if ((await conversations.claim(id, seenOf.get(id) ?? 0)) === "taken")
        return note(
          "warn",
          "Another session goes on with this conversation: nothing was deleted.",
          `To delete it all the same: ${room.commandName} conversations delete ${id}`,
        );
      const removed = await conversations.remove(id);
      if (!removed.kept) {
        await conversations.release(id);
        return note("error", "This conversation is not deleted.", removed.why);
      }
      const { title } = state();
      room.onPending?.(undefined);
      room.dispatch({ type: "cleared" });
      note("dim", `Deleted: ${title}`, "A new conversation.");
    });
}
