import { plainText } from "../../text/sanitize.ts";
import { createAnswerPrinter, type AnswerPrinter } from "../markdown/answer.ts";
import { glyphs, type Display } from "../markdown/display.ts";
import type { Said } from "../../session/transcript.ts";
import type { Usage } from "../../client/http/contract.ts";
import { usageLines } from "../usage-lines.ts";
import { commandText, noteText, questionText } from "./words.ts";

/** Writes the messages of the session into the scrollback, and keeps the unfinished end of an answer for the live area. */
export interface Scribe {
  say(said: Exclude<Said, { type: "giveBack" }>): void;
  /** Writes text without formatting; control sequences are stripped. */
  print(text: string): void;
  /** The unfinished end of the answer, at most `rows` lines. */
  tail(rows: number): string[];
  close(): void;
}

interface ScribeOptions {
  /** Writes finished text into the scrollback. */
  print: (text: string) => void;
  display: () => Display;
  /** Called when the tail has changed, at most once in 66 ms. */
  onChange: () => void;
}

/** 15 frames a second; words that come faster are rendered together. */
const FRAME_MS = 66;

export function createScribe({ print, display, onChange }: ScribeOptions): Scribe {
  let printer: AnswerPrinter | undefined;
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  /** The last text was a note: an answer that follows gets a blank line above it. */
  let isUnderNote = false;

  const show = (text: string) => {
    if (text !== "") print(text);
  };

  const begin = () => {
    if (isUnderNote) print("\n");
    return createAnswerPrinter(display, { numbered: true });
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

  const usage = (used: Usage) =>
    usageLines(used, { columns: display().columns, block: glyphs(display()).block });

  return {
    say(said) {
      // The live area shows it.
      if (said.type === "thinking") return;
      if (said.type === "delta") {
        waiting += said.text;
        timer ??= setTimeout(tick, FRAME_MS);
        return;
      }
      if (said.type === "past") past(said);
      else if (said.type === "question") show(questionText(said.text, display()));
      else if (said.type === "command") show(commandText(said.text, display()));
      else if (said.type === "usage") show(noteText("info", usage(said.used), display()));
      else if (said.type === "note") show(noteText(said.tone, said.lines, display()));
      else end();
      isUnderNote = said.type === "note" || said.type === "usage";
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
