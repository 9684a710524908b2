import { readInput } from "../../session/input.ts";
import type { Session } from "../../session/session.ts";
import { fullText, type EditorState } from "../composer/editor-state.ts";
import { remember } from "../composer/history.ts";
import { keptText } from "../composer/kept-text.ts";
import type { Attaching } from "./attaching.ts";
import { withSent, type ViewState } from "./view-state.ts";

interface Needs {
  session: Pick<Session, "prompts" | "note">;
  attaching: Pick<Attaching, "isNeeded" | "read">;
  view: () => ViewState;
  setView: (view: ViewState) => void;
  /** Sends a text whose files were read. */
  send: (text: string, literal: boolean, blocks?: readonly string[]) => void;
  /** Draws the view, and keeps its draft. */
  settle: () => void;
  isLeaving: () => boolean;
  crash: (error: unknown) => void;
}

/** Sends what was typed. Before a question with files they are read; what is sent meanwhile follows it. */
export function createSendWithFiles({ session, attaching, view, setView, isLeaving, ...needs }: Needs) {
  let reading: Promise<void> | undefined;

  const sendRead = async (editor: EditorState, literal: boolean) => {
    const read = await attaching.read(editor);
    if (isLeaving()) return;
    const now = view();
    if (read.kind === "refused") {
      const isFree = now.editor.text === "";
      setView(
        isFree
          ? { ...now, editor: read.editor }
          : { ...now, walk: remember(now.walk, keptText(read.editor)), hint: "Kept: Up shows it." },
      );
      session.note("error", read.why, read.hint ?? "Nothing was sent: take it out, or name another file.");
    } else {
      const walk = editor.mentions.length > 0 ? remember(now.walk, keptText(read.editor)) : now.walk;
      setView({ ...withSent(now, read.editor), walk });
      needs.send(fullText(read.editor), literal, read.blocks);
    }
    needs.settle();
  };

  return (text: string, literal: boolean): void => {
    const { sent } = view();
    const isQuestion = () =>
      literal || readInput(text).kind === "question" || session.prompts.questionOf(text) !== undefined;
    const hasFiles = sent !== undefined && attaching.isNeeded(sent) && isQuestion();
    if (reading === undefined && !hasFiles) return needs.send(text, literal);
    const work = (reading ?? Promise.resolve()).then(() => {
      if (hasFiles) return sendRead(sent, literal);
      if (!isLeaving()) needs.send(text, literal);
      needs.settle();
    });
    reading = work;
    work.catch(needs.crash).finally(() => {
      if (reading === work) reading = undefined;
    });
  };
}
