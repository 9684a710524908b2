import { blockOf, sizeOf } from "../../client/files/fenced.ts";
import type { Finder } from "../../client/files/finder.ts";
import type { FileRead, ImageFile } from "../../client/files/read-file.ts";
import { codePoints } from "../../text/code-points.ts";
import { attach, describe } from "../composer/files.ts";
import { filesIn, type EditorState } from "../composer/editor-state.ts";
import { mentionAtCursor, mentionFrom, type Mention } from "../composer/mentions.ts";
import type { ViewState } from "./view-state.ts";

/** The blocks of a question's files, and the text with what was read; or why one of them can't be sent. */
export type Attachments =
  | { kind: "ready"; editor: EditorState; blocks: string[] }
  | { kind: "refused"; editor: EditorState; why: string; hint?: string };

/** The files of what is being typed: offered, looked up, measured, and read when it is sent. */
export interface Attaching {
  /** To be called after each change of the view. Nothing of it happens at once. */
  follow(): void;
  /** Whether something is to be read before the text can be sent. */
  isNeeded(editor: EditorState): boolean;
  read(editor: EditorState): Promise<Attachments>;
}

interface AttachingOptions {
  finder: (() => Promise<Finder>) | undefined;
  view: () => ViewState;
  change: (edit: (view: ViewState) => ViewState) => void;
  /** Most characters of a file. */
  most: () => number;
  /** Returns the label that stands for an image in the question. */
  addImage: (image: ImageFile) => string;
  crash: (error: unknown) => void;
}

export function createAttaching(options: AttachingOptions): Attaching {
  const { finder, view, change, most, crash } = options;
  /** What is being typed, for which names are offered. */
  let wanted: Mention | undefined;
  let isOffering = false;
  const looked = new Set<string>();
  const measured = new Set<string>();

  /** What a file adds to the question, and what its mark says of it. */
  const partOf = (read: Exclude<FileRead, { kind: "refused" }>): { block: string; shown: string } => ({
    block: blockOf(read, options.addImage),
    shown: sizeOf(read),
  });

  /** The editor after the names were looked up that were typed; `within`: also the one at the cursor. */
  const lookUp = async (
    editor: EditorState,
    finder: Finder,
    within: boolean,
  ): Promise<Map<string, string>> => {
    const current = within ? undefined : mentionAtCursor(editor)?.at;
    const found = new Map<string, string>();
    for (const at of editor.mentions) {
      const { typed } = mentionFrom(editor, at);
      if (at === current || typed === "" || found.has(typed)) continue;
      const name = await finder.named(typed);
      if (name !== undefined) found.set(typed, name);
    }
    return found;
  };

  /** Makes files of those mentions that are still there as they were looked up, the last one first. */
  const attachFound = (
    editor: EditorState,
    found: ReadonlyMap<string, string>,
    within: boolean,
  ): EditorState => {
    const current = within ? undefined : mentionAtCursor(editor)?.at;
    let next = editor;
    for (const at of editor.mentions.toReversed()) {
      const mention = mentionFrom(next, at);
      const name = found.get(mention.typed);
      if (at === current || name === undefined) continue;
      const behind = mention.typed.length - name.length;
      next = attach(next, { ...mention, end: mention.end - behind }, name);
    }
    return next;
  };

  /** Finds what is wanted, one after the other: of many keys that come at once, the last one counts. */
  const offer = async () => {
    if (finder === undefined || isOffering) return;
    isOffering = true;
    try {
      for (let mention = wanted; mention !== undefined; mention = wanted === mention ? undefined : wanted) {
        const { at, typed } = mention;
        const names = await (await finder()).complete(typed.replace(/#[L\d-]*$/, ""));
        change((view) => ({ ...view, offered: { at, typed, names } }));
      }
    } finally {
      isOffering = false;
    }
  };

  const lookUpFinished = async (editor: EditorState) => {
    if (finder === undefined) return;
    const found = await lookUp(editor, await finder(), false);
    if (found.size > 0) change((view) => ({ ...view, editor: attachFound(view.editor, found, false) }));
  };

  const measure = async (name: string) => {
    if (finder === undefined) return;
    const read = await (await finder()).read(name, most());
    change((view) => {
      if (read.kind === "refused") {
        const { why, hint } = read;
        return { ...view, hint: hint === undefined ? why : `${why} ${hint}` };
      }
      const { block, shown } = partOf(read);
      return { ...view, editor: describe(view.editor, { name, size: codePoints(block) }, shown) };
    });
  };

  const follow = () => {
    if (finder === undefined) return;
    const { editor, menu, picker, searching } = view();
    const mention = menu.closed || picker || searching ? undefined : mentionAtCursor(editor);
    if (mention?.at !== wanted?.at || mention?.typed !== wanted?.typed) {
      wanted = mention;
      // After the key is handled.
      if (mention !== undefined) setImmediate(() => void offer().catch(crash));
    }
    const open = editor.mentions.filter((at) => at !== mention?.at);
    const names = open.map((at) => mentionFrom(editor, at).typed).filter((typed) => !looked.has(typed));
    if (names.length > 0) {
      for (const name of names) looked.add(name);
      void lookUpFinished(editor).catch(crash);
    }
    if (editor.mentions.length === 0) looked.clear();
    const files = filesIn(editor);
    if (files.length === 0) measured.clear();
    for (const { name, size } of files) {
      if (size !== undefined || measured.has(name)) continue;
      measured.add(name);
      void measure(name).catch(crash);
    }
  };

  return {
    follow,
    isNeeded: (editor) => finder !== undefined && (editor.mentions.length > 0 || filesIn(editor).length > 0),
    async read(before) {
      if (finder === undefined) return { kind: "ready", editor: before, blocks: [] };
      const found = await lookUp(before, await finder(), true);
      let editor = attachFound(before, found, true);
      const blocks: string[] = [];
      for (const file of filesIn(editor)) {
        const { name } = file;
        if (file.block === undefined) {
          const read = await (await finder()).read(name, most());
          if (read.kind === "refused") return { ...read, editor };
          const { block, shown } = partOf(read);
          editor = describe(editor, { name, size: codePoints(block), block }, shown);
          blocks.push(block);
        } else blocks.push(file.block);
      }
      return { kind: "ready", editor, blocks };
    },
  };
}
