import type { Line } from "../session/transcript.ts";
import { glyphs, type Display } from "./markdown/display.ts";

/** A line of a note as text: `100 tokens · 3,900 left`. */
export const lineText = (line: Line, display: Pick<Display, "ascii">): string =>
  typeof line === "string" ? line : line.join(` ${glyphs(display).dot} `);
