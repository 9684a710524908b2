import { open as openWithNode, unlink } from "node:fs/promises";
import { ClientError } from "../failure.ts";
import type { Kept } from "../kept/kept-file.ts";
import { isMissing } from "../../disk/errors.ts";
import { regularOnly } from "../../disk/regular-file.ts";
import { createAppender, type Appender } from "./appender.ts";
import { claim, createMe, release, type Claim, type Me } from "./claim.ts";
import { createFolder, isId, newId } from "./folder.ts";
import type { Attached, SavedImage } from "./images.ts";
import type { Imported, Made } from "./import.ts";
import { troubleOf, type OpenFile } from "./open-file.ts";
import type { Unplaced } from "./placing.ts";
import { createReader, type Owner, type Reader } from "./reader.ts";
import { FIRST_FORMAT, type Header, type Role } from "./record.ts";
import { TITLE_CHARACTERS, titleOf } from "./title.ts";
import type { NewTurn } from "./saved-turn.ts";
import type { NewSummary } from "./summarized.ts";

/**
 * The saved conversations of this machine (docs/cli.md#conversations), one file each: a header, then a line for each
 * finished turn, each new title, each pin, and so on, only ever appended to. Any number of processes may read and write them at the
 * same time.
 */
export interface Conversations extends Reader {
  /** A new conversation's id. Nothing is written before its first turn. */
  start(owner: Owner): string;
  /**
   * Appends a turn that ended, answered or stopped; never rejects. `turn` is its id, for `parent` and `replaces`. A turn
   * that couldn't be kept is tried again with the next one. `lostImages`: why its images are not kept, though it is.
   */
  append(id: string, turn: NewTurn): Promise<Kept & { turn: string; lostImages?: string }>;
  /** The images of a saved turn; one that is gone is left out. Never rejects. */
  readImages(id: string, images: readonly SavedImage[]): Promise<Attached[]>;
  /** The conversation goes on behind that turn. Never rejects. */
  choose(id: string, turn: string): Promise<Kept>;
  /**
   * A new conversation of the same owner with the turns that lead to `to`, or without turns, which is then written with its
   * first one. `role`: null for none, by default that of the old one. Rejects if the old one can't be read; if the new one
   * can't be written, its turns wait for the next one.
   */
  fork(id: string, to: string | null, role?: Role | null): Promise<Kept & { id: string; title: string }>;
  /** A conversation with the records of an exported one, under its ID or, if that exists, another one. Never rejects. */
  restore(
    exported: Pick<Imported, "id" | "server" | "username" | "createdAt">,
    recordsOf: (made: Made) => Unplaced[],
  ): Promise<Kept & { id: string }>;
  /**
   * Called before a question goes out: see `Claim`. `seen`: the bytes of the file that this session has read, 0 for a
   * conversation that it began. Never rejects.
   */
  claim(id: string, seen: number): Promise<Claim>;
  /** A claimed question ended without a turn. Never rejects. */
  release(id: string): Promise<void>;
  /** Gives it another title (one line, at most 80 characters). A blank one: `ClientError("usage")`. */
  rename(id: string, title: string): Promise<Kept>;
  /** From here on a summary stands for the turns up to that one in histories. Never rejects. */
  summarize(id: string, summary: NewSummary): Promise<Kept>;
  /** It is first in lists, or no longer. Never rejects. */
  pin(id: string, pinned: boolean): Promise<Kept>;
  /** The conversation has another role, or none. Never rejects. */
  setRole(id: string, role: Role | undefined): Promise<Kept>;
  /** Deletes its images and its file; one that is gone already is `kept`. Takes whole ids alone: `find` comes first. */
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

const FORKED = " (fork)";

const forkedTitle = (title: string) =>
  title.endsWith(FORKED) ? title : titleOf(title.slice(0, TITLE_CHARACTERS - FORKED.length)) + FORKED;

const homeless: Kept = {
  kept: false,
  why: "There is no home folder to keep conversations in. Set HOME or XDG_DATA_HOME.",
};

/** Deletes what is at the path. What is gone already counts as deleted. */
async function deletion(path: string, work: () => Promise<void> | undefined): Promise<Kept> {
  try {
    await work();
  } catch (error) {
    if (!isMissing(error)) return { kept: false, why: `${path} can't be deleted: ${troubleOf(error)}` };
  }
  return { kept: true };
}

/** Opens nothing yet: folder (0700) and file (0600) are made with the first turn. */
export function openConversations(options: ConversationsOptions): Conversations {
  const { dir, now, onProblem = () => {} } = options;
  const open = regularOnly(options.open ?? openWithNode);
  const folder = createFolder({ dir, open, onProblem });
  const reader = createReader(folder);
  const headers = new Map<string, Header>();
  const appenders = new Map<string, Appender>();
  const time = () => new Date(now()).toISOString();
  let known: Me | undefined;
  // Who only reads needs no name, and no crypto for it.
  const me = () => (known ??= createMe(newId()));
  /** The turns that this session wrote. */
  const ours = new Set<string>();

  const appenderOf = (id: string): Appender | undefined => {
    const path = folder.pathOf(id);
    if (path === undefined) return undefined;
    const appender = appenders.get(id) ?? createAppender({ path, header: headers.get(id), open });
    appenders.set(id, appender);
    return appender;
  };

  const headerOf = (id: string, { server, username }: Owner): Header => ({
    is: "conversation",
    version: FIRST_FORMAT,
    id,
    server,
    username,
    created_at: time(),
  });

  const start = ({ server, username }: Owner) => {
    const id = newId();
    headers.set(id, headerOf(id, { server, username }));
    return id;
  };

  const saveImages = async (id: string, images: readonly Attached[] = []) => {
    const imageFolder = folder.imagesOf(id);
    if (images.length === 0 || imageFolder === undefined) return { images: [] };
    try {
      return { images: await imageFolder.save(images) };
    } catch (error) {
      return { images: [], lostImages: `${imageFolder.path} can't be written: ${troubleOf(error)}` };
    }
  };

  const shareImages = async (from: string, to: string, images: readonly SavedImage[]) => {
    const [theirs, ours] = [folder.imagesOf(from), folder.imagesOf(to)];
    // The turns are worth more than their images: what fails here keeps no fork from being made.
    if (theirs && ours) await theirs.share(images, ours).catch(() => undefined);
  };

  const roleRecord = (role: Role | null | undefined): Unplaced => {
    const { name, instructions } = role ?? { name: null, instructions: null };
    return { is: "role", at: time(), name, instructions };
  };

  const claiming = (path: string) => ({
    path,
    open,
    me: me(),
    isOurs: (turn: string) => ours.has(turn),
    now: now(),
  });

  return {
    ...reader,
    start,
    append: async (id, { question, answer, stopped = false, tokensDeducted, model, ...more }) => {
      const { asked, finish, parent, replaces, role } = more;
      const { images, lostImages } = await saveImages(id, more.images);
      const turn = newId();
      ours.add(turn);
      const place = parent === undefined ? {} : { parent, replaces };
      const named = asked === undefined ? {} : { asked_model: asked };
      const ended = finish === undefined ? {} : { finish };
      const shown = images.length === 0 ? {} : { images };
      const extra = { ...named, ...ended, ...shown };
      const said = { question, answer, stopped, tokens_deducted: tokensDeducted, model, ...extra };
      const before = role === undefined ? [] : [roleRecord(role)];
      const record: Unplaced = { is: "turn", id: turn, at: time(), ...said, ...place };
      const kept = await appenderOf(id)?.append(...before, record);
      return { ...(kept ?? homeless), turn, ...(lostImages !== undefined && { lostImages }) };
    },
    choose: async (id, turn) =>
      (await appenderOf(id)?.append({ is: "chosen", at: time(), turn, by: me().by })) ?? homeless,
    readImages: async (id, images) => {
      const read = await Promise.all(images.map(async (image) => folder.imagesOf(id)?.read(image)));
      return read.filter((image) => image !== undefined);
    },
    fork: async (id, to, wanted) => {
      const { server, username, title } = await reader.find(id);
      const turns = to === null ? [] : await reader.readPath(id, to);
      const role = wanted === undefined ? await reader.roleOf(id) : wanted;
      const fork = start({ server, username });
      // Without a turn this waits for the first one.
      if (role) await appenderOf(fork)?.append(roleRecord(role));
      if (turns.length === 0) return { kept: true, id: fork, title };
      let parent: string | null = null;
      const records = turns.flatMap(({ summary, ...turn }): Unplaced[] => {
        const placed = { ...turn, parent, replaces: undefined };
        parent = turn.id;
        ours.add(turn.id);
        return summary ? [placed, summary] : [placed];
      });
      await shareImages(
        id,
        fork,
        turns.flatMap(({ images = [] }) => images),
      );
      const named: Unplaced = { is: "title", at: time(), title: forkedTitle(title) };
      const kept = await appenderOf(fork)?.append(named, ...records);
      return { ...(kept ?? homeless), id: fork, title: named.title };
    },
    restore: async ({ id: wanted, server, username, createdAt }, recordsOf) => {
      const isFree = isId(wanted) && !(await folder.ids()).includes(wanted);
      const id = isFree ? wanted : newId();
      headers.set(id, { ...headerOf(id, { server, username }), created_at: createdAt });
      // One that was removed.
      appenders.delete(id);
      const records = recordsOf({ newId, at: time(), by: me().by });
      return { ...((await appenderOf(id)?.append(...records)) ?? homeless), id };
    },
    claim: async (id, seen) => {
      const path = folder.pathOf(id);
      if (path === undefined) return "unknown";
      return claim(claiming(path), seen).catch(() => "unknown");
    },
    release: async (id) => {
      const path = folder.pathOf(id);
      if (path !== undefined) await release(claiming(path)).catch(() => undefined);
    },
    rename: async (id, wanted) => {
      const title = titleOf(wanted);
      if (title === "")
        throw new ClientError("usage", "A title needs some text.", { remedy: { kind: "give_text" } });
      return (await appenderOf(id)?.append({ is: "title", at: time(), title })) ?? homeless;
    },
    summarize: async (id, { tokensDeducted, ...summary }) =>
      (await appenderOf(id)?.append({
        is: "summary",
        at: time(),
        ...summary,
        tokens_deducted: tokensDeducted,
      })) ?? homeless,
    pin: async (id, pinned) => (await appenderOf(id)?.append({ is: "pin", at: time(), pinned })) ?? homeless,
    setRole: async (id, role) => (await appenderOf(id)?.append(roleRecord(role))) ?? homeless,
    remove: async (id) => {
      const path = folder.pathOf(id);
      if (path === undefined) return { kept: true };
      const images = folder.imagesOf(id);
      // First the images: as long as the file is there, what fails can be repeated.
      const deleted = await deletion(images?.path ?? "", () => images?.remove());
      return deleted.kept ? deletion(path, () => unlink(path)) : deleted;
    },
  };
}
