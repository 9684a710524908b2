import { readInput } from "../session/commands.ts";
import type { Session } from "../session/session.ts";
import type { Scribe } from "./scribe.ts";
import { giveBack, type ViewState } from "./view-state.ts";

/** What sending needs. */
export interface SenderOptions {
  session: Session;
  scribe: Scribe;
  /** Called with each line that is worth keeping. */
  onSent: (line: string) => void;
  /** Runs a command. */
  run: (text: Extract<ReturnType<typeof readInput>, { kind: "command" }>) => Promise<void>;
  /** A fault of ours in a command. */
  crash: (error: unknown) => void;
}

/** Sends what was typed, as a question or a command. */
export interface Sender {
  /** `literal`: it is a question, whatever it begins with. Returns the view; what couldn't be sent is back in it. */
  send(view: ViewState, text: string, literal: boolean): ViewState;
}

/** Commands above which nothing stands: they begin anew, or print nothing. */
const SILENT: ReadonlySet<string> = new Set(["clear", "quit", "edit", "retry"]);

export function createSender({ session, scribe, onSent, run, crash }: SenderOptions): Sender {
  return {
    send(view, text, literal) {
      onSent(text);
      const input = literal ? { kind: "question" as const, text: text.trim() } : readInput(text);
      switch (input.kind) {
        case "nothing":
          return view;
        case "question":
          return session.ask(input.text) ? view : giveBack(view, text);
        case "command":
          if (!SILENT.has(input.name)) scribe.say({ type: "command", text: text.trim() });
          run(input).catch(crash);
          return view;
        case "unknown": {
          const instead =
            input.nearest === undefined ? "/help lists what there is" : `did you mean /${input.nearest}?`;
          return { ...giveBack(view, text), hint: `There is no /${input.name}: ${instead}` };
        }
      }
    },
  };
}
