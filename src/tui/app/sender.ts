import type { SessionCommand } from "../session/command.ts";
import { readInput } from "../session/input.ts";
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
  run: (command: SessionCommand, argument: string) => Promise<void>;
  /** A fault of ours in a command. */
  crash: (error: unknown) => void;
}

/** Sends what was typed, as a question or a command. */
export interface Sender {
  /** `literal`: it is a question, whatever it begins with. Returns the view; what couldn't be sent is back in it. */
  send(view: ViewState, text: string, literal: boolean): ViewState;
}

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
          if (input.command.silent !== true) scribe.say({ type: "command", text: text.trim() });
          run(input.command, input.argument).catch(crash);
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
