import { ClientError } from "../client/failure.ts";
import { toMarkdown } from "../client/conversations/export.ts";
import { historyOf } from "../client/conversations/history.ts";
import type { Role } from "../client/conversations/record.ts";
import { splitSummary, turnsIn, type NewSummary } from "../client/conversations/summarized.ts";
import type { Turn } from "../protocol/bodies.ts";
import { cutWords } from "../protocol/cut-words.ts";
import { counted } from "../text/numbers.ts";
import { troubleLines } from "./failure.ts";
import { placeName } from "./connection.ts";
import { createFinding } from "./finding.ts";
import type { Room } from "./room.ts";
import type { Saving } from "./saved.ts";
import { conversationEnd } from "./conversation-end.ts";
import { keepQuestion } from "./kept-question.ts";
import { createRemoval } from "./removal.ts";
import { createShownTree } from "./shown-tree.ts";
import { resumable } from "./state.ts";
import { sentHistory } from "./sent-history.ts";
import { createVersions, type GoOnWith } from "./versions.ts";

export type Saver = ReturnType<typeof createSaver>;

/** Turns of a resumed conversation that are shown again (docs/session.md#saved-conversations). */
const SHOWN = 3;

/** An answer of the conversation; `turn` counts from 1. */
export interface Answer {
  turn: number;
  text: string;
}

/** Saves turns as they end, and finds conversations again. A `ClientError` of the files is printed, not thrown. */
export function createSaver(room: Room) {
  const { saving, state, dispatch, note } = room;
  let isTold = false;
  /** How much of each conversation's file this session has read; nothing of those that it began. */
  const seenOf = new Map<string, number>();

  const tellOnce = (kept: { kept: boolean; why?: string }) => {
    if (kept.kept || isTold) return;
    isTold = true;
    note("warn", "This conversation isn't being kept.", kept.why ?? "");
  };

  const guarded = async <T>(work: (saved: Saving) => Promise<T>): Promise<T | undefined> => {
    if (saving === undefined) {
      note("dim", "Conversations aren't kept here.");
      return undefined;
    }
    try {
      return await work(saving);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      note("error", ...troubleLines(error));
      return undefined;
    }
  };

  const goOnWith: GoOnWith = ({ id, title }, exchanges, { turns, beforeLast }, seen, more) => {
    const { all, role } = more ?? { all: exchanges.length, role: state().role };
    const { last, leaf, asked } = conversationEnd(exchanges, turns, room.newKey(), beforeLast);
    const images = (exchanges.at(-1)?.images ?? []).map((image) => ({
      name: image.name,
      read: async () => (await saving?.conversations.readImages(id, [image]))?.[0],
    }));
    room.images.know(images);
    seenOf.set(id, seen);
    const earlier = Math.max(0, all - turnsIn(turns));
    const answer = exchanges.at(-1)?.answer ?? "";
    const again = last && { ...last, images };
    dispatch({
      type: "resumed",
      conversation: id,
      title,
      turns,
      earlier,
      answer,
      leaf,
      last: again,
      role,
      asked,
    });
  };

  const resume = async (id: string): Promise<boolean> => {
    const isResumed = await guarded(async ({ conversations, everywhere, showCommand }) => {
      const found = await conversations.find(id);
      if (found.server !== room.name) {
        const way = `${room.commandName} -r ${found.id}`;
        note("warn", `That conversation was held at ${placeName(found.server)}.`, `To go on there: ${way}`);
        return false;
      }
      const { exchanges, earlier, seen, conversation } = await conversations.readTail(found.id, SHOWN);
      const parent = exchanges.at(-2)?.id;
      const history = await sentHistory(
        () => conversations.turnsForHistory(found.id),
        async () => (parent === undefined ? [] : conversations.turnsForHistory(found.id, { to: parent })),
      );
      const role = await conversations.roleOf(found.id);
      goOnWith(found, exchanges, history, seen, { all: conversation.turns, role });
      if (earlier > 0) note("dim", `${counted(earlier, "earlier turn")}: ${showCommand} ${found.id}`);
      for (const { question, answer, stopped, finish } of exchanges)
        room.say({ type: "past", question, answer, stopped, cut: cutWords(finish) });
      note("dim", [`Going on with: ${found.title}`, ...(everywhere === true ? [room.server] : [])]);
      return true;
    });
    return isResumed === true;
  };

  const read = createShownTree(room, guarded);
  const versions = createVersions(room, { read, goOnWith, tellOnce });

  return {
    versions,
    /** The server of a saved conversation; undefined, and printed, if there is none. */
    serverOf: (id: string): Promise<string | undefined> =>
      guarded(async ({ conversations }) => (await conversations.find(id)).server),
    ...createFinding(room, guarded),
    /** Pins the conversation; if it is pinned, unpins it. */
    pin: () =>
      guarded(async ({ conversations }) => {
        const { conversation } = state();
        if (conversation === undefined)
          return note("dim", "This conversation isn't saved yet: it can be pinned after its first answer.");
        const { pinned } = await conversations.find(conversation);
        const result = await conversations.pin(conversation, !pinned);
        tellOnce(result);
        if (!result.kept) return;
        note(
          "dim",
          pinned ? "No longer pinned." : "Pinned: it is first in every list. /pin again unpins it.",
        );
      }),
    /** All answers that lead to the next question, oldest first. */
    async answers(): Promise<Answer[]> {
      const { rest, standsFor } = splitSummary(state().turns);
      const unsent = state().earlier + standsFor;
      const here = rest.filter(({ role }) => role === "assistant");
      // The turns that are not sent are on disk only.
      const found = unsent === 0 || resumable(state()) === undefined ? undefined : await read();
      const before = (found?.path ?? []).slice(0, unsent).map(({ answer }) => answer);
      return [
        ...before.map((text, at) => ({ turn: at + 1, text })),
        ...here.map(({ content }, at) => ({ turn: unsent + at + 1, text: content })),
      ];
    },
    /** The turns that are neither sent nor in the summary; undefined, and printed, if they can't be read. */
    async unread(): Promise<Turn[] | undefined> {
      const { turns, earlier } = state();
      const { standsFor } = splitSummary(turns);
      const found = await read();
      const some = found?.path.slice(standsFor, standsFor + earlier);
      return some && historyOf(some.toReversed(), { entries: Infinity, bytes: Infinity });
    },
    /** Keeps a summary of all turns so far; false if this session does not save. */
    async summarize(summary: Omit<NewSummary, "turn">): Promise<boolean> {
      const { conversation, leaf } = state();
      if (saving?.save !== true || conversation === undefined || leaf === null) return false;
      const kept = await saving.conversations.summarize(conversation, { ...summary, turn: leaf });
      tellOnce(kept);
      return kept.kept;
    },
    /** The conversation has that role from now on; a new one is written with its first turn. */
    async keepRole(role: Role | undefined): Promise<void> {
      const { conversation } = state();
      if (saving?.save !== true || conversation === undefined) return;
      tellOnce(await saving.conversations.setRole(conversation, role));
    },
    remove: createRemoval(room, { guarded, seenOf }),
    /** What `conversations export` writes; undefined, and printed, if the conversation is not saved. */
    async markdown(): Promise<string | undefined> {
      if (saving?.save === false) {
        note("dim", "This session saves nothing, and so exports nothing.");
        return undefined;
      }
      const found = await read();
      return found && toMarkdown({ ...found.tree.conversation, exchanges: found.path });
    },
    /** Called when a question is sent. */
    begin: () => keepQuestion(room, seenOf, tellOnce),
    /** True if it is now the conversation of the session. */
    resume,
    /** Resumes the conversation of this server and account with the latest turn; true also if there is none. */
    async resumeNewest(): Promise<boolean> {
      const { username, formerly } = state();
      const owner = { server: room.name, username, formerly };
      const found = await guarded(async ({ conversations }) => ({
        newest: await conversations.newest(owner),
      }));
      if (found === undefined) return false;
      if (found.newest !== undefined) return resume(found.newest.id);
      note("dim", "There is no earlier conversation; this is a new one.");
      return true;
    },
    rename: (title: string) =>
      guarded(async ({ conversations }) => {
        const { conversation } = state();
        if (conversation === undefined)
          return note("dim", "This conversation isn't saved yet: it has a name after its first answer.");
        tellOnce(await conversations.rename(conversation, title));
        const { title: now } = await conversations.find(conversation);
        dispatch({ type: "titled", conversation, title: now });
        note("dim", `Renamed to: ${now}`);
      }),
  };
}
