import { plainText } from "../../client/sanitize.ts";
import { createAnswerPrinter, type AnswerPrinter } from "../markdown/answer.ts";
import type { Display } from "../markdown/look.ts";
import type { Said } from "../session/transcript.ts";
import { commandText, noteText, questionText } from "./words.ts";

/** Writes what the session says into the scrollback and keeps the unfinished end for the live area. */
export interface Scribe {
  say(said: Exclude<Said, { type: "giveBack" }>): void;
  /** Text as it stands, made safe. */
  print(text: string): void;
  /** The end of the answer that may still change, at most so many rows. */
  tail(rows: number): string[];
  close(): void;
}

interface ScribeOptions {
  /** Finished text, for good. */
  print: (text: string) => void;
  display: () => Display;
  /** The tail changed; called at most once in 66 ms, however fast words come. */
  onChange: () => void;
}

/** A frame at 15 a second: words that come faster are rendered together. */
const FRAME_MS = 66;

export function createScribe({ print, display, onChange }: ScribeOptions): Scribe {
  let printer: AnswerPrinter | undefined;
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  /** A note was the last thing above: an answer that begins under it is set apart. */
  let isUnderNote = false;

  const show = (text: string) => {
    if (text !== "") print(text);
  };

  const begin = () => {
    if (isUnderNote) print("\n");
    return createAnswerPrinter(display);
  };

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === "") return;
    printer ??= begin();
    const text = waiting;
    waiting = "";
    show(printer.feed(text));
  };

  const tick = () => {
    flush();
    onChange();
  };

  const end = () => {
    flush();
    if (printer !== undefined) show(printer.end());
    printer = undefined;
  };

  const past = ({ question, answer, stopped }: Extract<Said, { type: "past" }>) => {
    show(questionText(question, display()));
    isUnderNote = false;
    waiting += answer;
    end();
    if (stopped) show(noteText("dim", ["stopped"], display()));
  };

  return {
    say(said) {
      if (said.type === "delta") {
        waiting += said.text;
        timer ??= setTimeout(tick, FRAME_MS);
        return;
      }
      if (said.type === "past") past(said);
      else if (said.type === "question") show(questionText(said.text, display()));
      else if (said.type === "command") show(commandText(said.text, display()));
      else if (said.type === "note") show(noteText(said.tone, said.lines, display()));
      else end();
      isUnderNote = said.type === "note";
      onChange();
    },
    print(text) {
      show(`${plainText(text)}\n`);
      onChange();
    },
    tail: (rows) => printer?.tail(rows) ?? [],
    close: () => clearTimeout(timer),
  };
}
