import { titleOfQuestion } from "../client/conversations/title.ts";
import type { Kept } from "../client/kept/kept-file.ts";
import type { Room } from "./room.ts";
import { openThread } from "./thread.ts";

/** The saving of one question's turn. */
export interface KeptQuestion {
  /** Called right before the question goes out: another session may have gone on with the conversation. */
  claim(): Promise<void>;
  /** Resolves when the turn was written, or could not be written. `done`: what the server said of the answer. */
  keep(
    answer: string,
    stopped: boolean,
    tokensDeducted: number | null,
    done?: { model?: string; finish?: string },
  ): Promise<void>;
  /** The question failed. */
  drop(): Promise<void>;
}

const unsaved: KeptQuestion = {
  claim: async () => undefined,
  keep: async () => undefined,
  drop: async () => undefined,
};

/** The words for a conversation that had to become a fork. */
const forkLines = (id: string, fork: string) => [
  `Another session has gone on with this conversation, ${id}.`,
  `From here on this one is a fork of it: ${fork}.`,
];

/** The saving of the question that was just sent, in the current conversation. */
export function keepQuestion(
  { saving, state, dispatch, note, name }: Room,
  seenOf: ReadonlyMap<string, number>,
  tellOnce: (kept: Kept) => void,
): KeptQuestion {
  const { last, username, conversation: id } = state();
  if (saving?.save !== true || last === undefined) return unsaved;
  const { message: question, parent, turn: replaces, key, role } = last;
  const place = id === undefined ? undefined : { id, parent, seen: seenOf.get(id) ?? 0, role: role ?? null };
  const isNew = place === undefined;
  const thread = openThread(
    saving.conversations,
    { server: name, username },
    place,
    isNew ? role : undefined,
  );
  return {
    async claim() {
      const fork = await thread.claim();
      if (fork === undefined) return;
      // Without a turn before this one, nothing of it is on disk yet, and this one names it.
      const title = parent === null ? titleOfQuestion(question) : fork.title;
      dispatch({ type: "forked", key, conversation: fork.id, title, kept: fork.kept && parent !== null });
      note("warn", ...forkLines(place?.id ?? "", fork.id));
      tellOnce(fork);
    },
    async keep(answer, stopped, tokensDeducted, done) {
      const model = () => done?.model ?? state().model;
      const finish = done?.finish;
      const asked = state().models.length > 0 ? last.model : undefined;
      const read = await Promise.all((last.images ?? []).map((image) => image.read()));
      const images = read.filter((image) => image !== undefined);
      const turn = { question, answer, stopped, tokensDeducted, model, asked, finish, images, replaces };
      const kept = await thread.keep(turn);
      if (kept === undefined) return;
      dispatch({ type: "saved", key, conversation: thread.id, turn: kept.turn, kept: kept.kept });
      tellOnce(kept);
      if (kept.lostImages !== undefined)
        note("warn", "The images of this question aren't kept.", kept.lostImages);
    },
    drop: () => thread.drop(),
  };
}
