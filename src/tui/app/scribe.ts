import { plainText } from "../../text/sanitize.ts";
import { createAnswerPrinter, type AnswerPrinter } from "../markdown/answer.ts";
import { glyphs, type Display } from "../markdown/display.ts";
import type { Said } from "../../session/transcript.ts";
import type { Usage } from "../../client/http/contract.ts";
import { usageLines } from "../usage-lines.ts";
import { commandText, costText, noteText, questionText } from "./words.ts";

/** Writes the messages of the session into the scrollback, and keeps the unfinished end of an answer for the live area. */
export interface Scribe {
  say(said: Exclude<Said, { type: "giveBack" }>): void;
  /** Writes text without formatting; control sequences are stripped. */
  print(text: string): void;
  /** The unfinished end of the answer, at most `rows` lines. */
  tail(rows: number): string[];
  /** Whether the last printed line is blank. */
  readonly endsBlank: boolean;
  close(): void;
}

interface ScribeOptions {
  /** The first lines, which are not final before "begun" or the first other text. */
  opening?: () => string;
  /** Writes finished text into the scrollback. */
  print: (text: string) => void;
  display: () => Display;
  /** Called when the tail has changed, at most once in 66 ms. */
  onChange: () => void;
}

/** 15 frames a second; words that come faster are rendered together. */
const FRAME_MS = 66;

export function createScribe({ display, onChange, ...options }: ScribeOptions): Scribe {
  let { opening } = options;
  let endsBlank = false;
  let printer: AnswerPrinter | undefined;
  let waiting = "";
  let timer: NodeJS.Timeout | undefined;
  /** What the last text was: between an answer, or the first lines, and a note is a blank line. */
  let above: "text" | "note" | undefined;

  const print = (text: string) => {
    endsBlank = text.endsWith("\n\n");
    options.print(text);
  };

  /** Prints the first lines, if that has not been done. */
  const open = () => {
    const text = opening?.() ?? "";
    opening = undefined;
    if (text === "") return;
    print(text);
    above = "text";
  };

  const show = (text: string) => {
    if (text === "") return;
    open();
    print(text);
  };

  const showNote = (text: string) => {
    if (text === "") return;
    open();
    print(above === "text" ? `\n${text}` : text);
    above = "note";
  };

  const begin = () => {
    if (above === "note") print("\n");
    above = "text";
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

  const past = ({ question, answer, stopped, cut }: Extract<Said, { type: "past" }>) => {
    show(questionText(question, display()));
    above = undefined;
    waiting += answer;
    end();
    const ended = stopped ? "stopped" : cut;
    if (ended !== undefined) showNote(noteText("dim", [ended], display()));
  };

  const usage = (used: Usage) =>
    usageLines(used, { columns: display().columns, block: glyphs(display()).block });

  const write = (said: Exclude<Said, { type: "giveBack" | "thinking" | "delta" }>) => {
    switch (said.type) {
      case "begun":
        return open();
      case "past":
        return past(said);
      case "end":
        return end();
      case "note":
        return showNote(noteText(said.tone, said.lines, display()));
      case "cost":
        return showNote(costText(said, display()));
      case "usage":
        return showNote(noteText("info", usage(said.used), display()));
      case "question":
        show(questionText(said.text, display()));
        break;
      case "command":
        show(commandText(said.text, display()));
    }
    above = undefined;
  };

  return {
    say(said) {
      // The live area shows it.
      if (said.type === "thinking") return;
      if (said.type === "delta") {
        waiting += said.text;
        timer ??= setTimeout(tick, FRAME_MS);
        return;
      }
      write(said);
      onChange();
    },
    print(text) {
      show(`${plainText(text)}\n`);
      onChange();
    },
    tail: (rows) => printer?.tail(rows) ?? (opening?.() ?? "").split("\n").slice(0, -1).slice(0, rows),
    get endsBlank() {
      return endsBlank;
    },
    close: () => clearTimeout(timer),
  };
}
