import { glyphs, styles, type Display, type Style } from "../markdown/display.ts";
import { oneLine } from "../../text/sanitize.ts";
import { counted } from "../../text/numbers.ts";
import type { Phase, Reasoning } from "../../session/state.ts";
import { wrappedSpans } from "../markdown/wrap.ts";
import { graphemesOf, width } from "../terminal/width.ts";

/** Milliseconds of silence after which the line says so. */
const SILENT_MS = 20_000;
/** A shorter load is not shown, because the line would only flicker. Milliseconds. */
const QUICK_LOAD_MS = 300;
/** Milliseconds of one frame of the spinner. */
export const TICK_MS = 200;

/** How a phase looks: the pictures of its spinner, and the colour of picture and name. */
interface Look {
  pictures: string;
  ascii: string;
  style: Style;
}

/** A dot that goes round: nothing has come yet. */
const WAITING: Look = { pictures: "⠁⠂⠄⡀⢀⠠⠐⠈", ascii: ".oO", style: styles.plain };
const THINKING: Look = { pictures: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", ascii: "|/-\\", style: styles.heading };
/** Rows that fill up. */
const ANSWERING: Look = { pictures: "⠁⠉⠋⠛⠟⠿⡿⣿", ascii: "-=#=", style: styles.accent };
const OTHER: Look = { ...WAITING, style: styles.dim };

const LOOKS: Record<Exclude<Phase["kind"], "idle">, Look> = {
  asking: WAITING,
  thinking: THINKING,
  streaming: ANSWERING,
  loading: OTHER,
  settling: OTHER,
};

/** Fewer cells are not enough for the last words of a reasoning. */
const FEWEST_WORDS = 12;

interface Work {
  phase: Phase;
  reasoning: Reasoning;
  /** When the answer last grew. */
  lastData: number;
  now: number;
  /** The key that stops it. Default: Esc. */
  stop?: string;
}

/** What the session is doing and for how long: a row, or more on a narrow screen; none if it is idle. */
export function workingLines(
  { phase, reasoning, lastData, now, stop = "Esc" }: Work,
  display: Display,
): string[] {
  if (phase.kind === "idle") return [];
  if (phase.kind === "loading" && now - phase.since < QUICK_LOAD_MS) return [];
  const look = LOOKS[phase.kind];
  const pictures = display.ascii ? look.ascii : look.pictures;
  const picture = pictures[Math.floor(now / TICK_MS) % pictures.length] ?? "";
  const { dot, ellipsis } = glyphs(display);
  const [name = "", ...details] = says(phase, lastData, now, stop);
  const told = [name, ...details].join(` ${dot} `);
  const left = display.columns - 1 - width(`${picture} ${told} ${dot} `);
  const thinks = phase.kind === "thinking" && left >= FEWEST_WORDS;
  const thought = thinks ? lastWords(reasoning.text, left, ellipsis) : "";
  const words = thought === "" ? told : `${told} ${dot} ${thought}`;
  return wrappedSpans(
    [
      { text: `${picture} ${name}`, style: look.style },
      { text: words.slice(name.length), style: styles.dim },
    ],
    display,
  );
}

function says(
  phase: Exclude<Phase, { kind: "idle" }>,
  lastData: number,
  now: number,
  stop: string,
): string[] {
  const passed = `${seconds(now - phase.since)} s`;
  if (phase.kind === "loading") return ["loading", passed];
  if (phase.kind === "settling") return ["stopped, asking what it cost"];
  if (phase.kind === "asking" && phase.wait !== undefined && phase.wait.until > now) {
    const left = Math.ceil((phase.wait.until - now) / 1000);
    // The reason is last because it may be long: the wait must stay visible on a narrow screen.
    return [
      `asks again in ${left} s`,
      `${stop} gives up`,
      oneLine(phase.wait.reason, 120).replace(/\.$/, ""),
    ];
  }
  const silent = now - lastData;
  if (silent >= SILENT_MS) return [`no data for ${counted(seconds(silent), "second")}`, `${stop} stops`];
  if (phase.kind === "thinking") return ["thinking", `${seconds(now - phase.from)} s`, `${stop} stops`];
  const waits = phase.kind === "asking" && (phase.sumsUp === true ? "summing up" : "waiting");
  return [waits || "answering", passed, `${stop} stops`];
}

/** The end of a text in at most so many cells, from the beginning of a word on if it has several. */
function lastWords(text: string, cells: number, ellipsis: string): string {
  // More characters than fit, but not a whole book.
  const longest = cells * 4;
  const line = oneLine(text.slice(-longest), longest);
  if (text.length <= longest && width(line) <= cells) return line;
  let left = cells - width(ellipsis);
  let from = line.length;
  for (const grapheme of graphemesOf(line).toReversed()) {
    left -= grapheme.width;
    if (left < 0) break;
    from = grapheme.start;
  }
  const end = line.slice(from);
  return ellipsis + end.slice(end.indexOf(" ") + 1);
}

function seconds(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / 1000));
}
