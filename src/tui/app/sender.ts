import type { SessionCommand } from "../../session/command.ts";
import { askingWords } from "../../session/shown-command.ts";
import { loneHint, readInput } from "../../session/input.ts";
import type { Session } from "../../session/session.ts";
import { fullText, withBlocks } from "../composer/editor-state.ts";
import { defaultKeymap, type Keymap } from "../composer/keymap.ts";
import { keptText } from "../composer/kept-text.ts";
import type { Scribe } from "./scribe.ts";
import { giveBack, giveCommandBack, type ViewState } from "./view-state.ts";

export interface SenderOptions {
  session: Session;
  scribe: Scribe;
  /** Called with each line that is sent. */
  onSent: (line: string) => void;
  run: (command: SessionCommand, argument: string, isAgreed: boolean) => Promise<void>;
  /** What the command would take away; see `SessionCommand`. */
  asks: (command: SessionCommand, argument: string) => string | undefined;
  /** Called if a command throws. */
  crash: (error: unknown) => void;
  /** By default, the default ones. */
  keys?: Keymap | undefined;
}

/** Sends a text as a question or a command. */
export interface Sender {
  /**
   * `literal`: the text is a question even if it begins with a slash; `blocks`: the files of a question. Returns the view; text
   * that was not sent is in it.
   */
  send(view: ViewState, text: string, literal: boolean, blocks?: readonly string[]): ViewState;
}

export function createSender({ session, scribe, onSent, run, asks, crash, keys }: SenderOptions): Sender {
  const again = `${(keys ?? defaultKeymap).labelOf("enter")} again`;
  return {
    send(view, text, literal, blocks = []) {
      onSent(view.sent !== undefined && fullText(view.sent) === text ? keptText(view.sent) : text);
      const prompt = literal ? undefined : session.prompts.questionOf(text);
      if (prompt !== undefined) {
        if ("why" in prompt) return giveCommandBack(view, text, prompt.why);
        if (session.ask(withBlocks(prompt.question, blocks))) return view;
        const isLoading = session.state.phase.kind === "loading";
        return giveCommandBack(view, text, isLoading ? "Not sent: something is loading." : undefined);
      }
      const input = literal ? { kind: "question" as const, text: text.trim() } : readInput(text);
      switch (input.kind) {
        case "nothing":
          return view;
        case "question":
          return session.ask(withBlocks(input.text, blocks))
            ? view
            : giveBack(view, withBlocks(text, blocks));
        case "lone": {
          if (view.sure === text)
            return session.ask(input.text) ? { ...view, sure: undefined } : giveBack(view, text);
          const hint = loneHint(input.instead, again, session.state.price);
          return { ...giveCommandBack(view, text, hint), sure: text };
        }
        case "command": {
          const isAgreed = view.sure === text;
          const what = isAgreed ? undefined : asks(input.command, input.argument);
          if (what !== undefined)
            return { ...giveCommandBack(view, text, askingWords(what, again)), sure: text };
          if (input.command.silent?.(session) !== true) scribe.say({ type: "command", text: text.trim() });
          run(input.command, input.argument, isAgreed).catch(crash);
          return view;
        }
        case "unknown": {
          const instead =
            input.nearest === undefined ? "/help lists all commands." : `did you mean /${input.nearest}?`;
          return giveCommandBack(view, text, `There is no command /${input.name}: ${instead}`);
        }
      }
    },
  };
}
