import { open as openWithNode, unlink } from "node:fs/promises";
import { ClientError } from "../failure.ts";
import type { Kept } from "../kept/kept-file.ts";
import { isMissing } from "../../disk/errors.ts";
import { regularOnly } from "../../disk/regular-file.ts";
import { createAppender, type Appender } from "./appender.ts";
import { createFolder, newId } from "./folder.ts";
import { troubleOf, type OpenFile } from "./open-file.ts";
import { createReader, type Owner, type Reader } from "./reader.ts";
import { FORMAT, titleOf, type Header } from "./record.ts";
import type { NewTurn } from "./saved-turn.ts";

/**
 * The saved conversations of this machine (docs/cli.md#conversations), one file each: a header, then a line for each
 * finished turn and each new title, only ever appended to. Any number of processes may read and write them at the same
 * time.
 */
export interface Conversations extends Reader {
  /** A new conversation's id. Nothing is written before its first turn. */
  start(owner: Owner): string;
  /**
   * Appends a turn that ended, answered or stopped; never rejects. `turn` is its id, for `replaces`. A turn that
   * couldn't be kept is tried again with the next one.
   */
  append(id: string, turn: NewTurn): Promise<Kept & { turn: string }>;
  /** Gives it another title (one line, at most 80 characters). A blank one: `ClientError("usage")`. */
  rename(id: string, title: string): Promise<Kept>;
  /** Deletes its file; one that is gone already is `kept`. Takes whole ids alone: `find` comes first. */
  remove(id: string): Promise<Kept>;
}

interface ConversationsOptions {
  /** `$XDG_DATA_HOME/ai-chat/conversations`; `undefined` (no home folder) keeps nothing and says so. */
  dir: string | undefined;
  /** Milliseconds since the epoch, of the clock that stamps files. */
  now: () => number;
  /** Called once for each file that can't be read, with a sentence about it and how to repair it. */
  onProblem?: (why: string) => void;
  open?: OpenFile;
}

const homeless: Kept = {
  kept: false,
  why: "There is no home folder to keep conversations in. Set HOME or XDG_DATA_HOME.",
};

/** Opens nothing yet: folder (0700) and file (0600) are made with the first turn. */
export function openConversations(options: ConversationsOptions): Conversations {
  const { dir, now, onProblem = () => {} } = options;
  const open = regularOnly(options.open ?? openWithNode);
  const folder = createFolder({ dir, open, onProblem });
  const reader = createReader(folder);
  const headers = new Map<string, Header>();
  const appenders = new Map<string, Appender>();
  const time = () => new Date(now()).toISOString();

  const appenderOf = (id: string): Appender | undefined => {
    const path = folder.pathOf(id);
    if (path === undefined) return undefined;
    const appender = appenders.get(id) ?? createAppender({ path, header: headers.get(id), open });
    appenders.set(id, appender);
    return appender;
  };

  return {
    ...reader,
    start: ({ server, username }) => {
      const id = newId();
      headers.set(id, { is: "conversation", version: FORMAT, id, server, username, created_at: time() });
      return id;
    },
    append: async (id, { question, answer, stopped = false, tokensDeducted, model, ...more }) => {
      const { asked, finish, replaces } = more;
      const turn = newId();
      const instead = replaces === undefined ? {} : { replaces };
      const named = asked === undefined ? {} : { asked_model: asked };
      const ended = finish === undefined ? {} : { finish };
      const said = { question, answer, stopped, tokens_deducted: tokensDeducted, model, ...named, ...ended };
      const kept = await appenderOf(id)?.append({ is: "turn", id: turn, at: time(), ...said, ...instead });
      return { ...(kept ?? homeless), turn };
    },
    rename: async (id, wanted) => {
      const title = titleOf(wanted);
      if (title === "")
        throw new ClientError("usage", "A title needs some text.", { remedy: { kind: "give_text" } });
      return (await appenderOf(id)?.append({ is: "title", at: time(), title })) ?? homeless;
    },
    remove: async (id) => {
      const path = folder.pathOf(id);
      if (path === undefined) return { kept: true };
      try {
        await unlink(path);
      } catch (error) {
        if (!isMissing(error)) return { kept: false, why: `${path} can't be deleted: ${troubleOf(error)}` };
      }
      return { kept: true };
    },
  };
}
