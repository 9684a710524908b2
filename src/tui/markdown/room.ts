import type { Display } from "./display.ts";
import type { References } from "./references.ts";

/** Where a block is drawn, and what it refers to. */
export interface Room extends Display {
  /** Most cells of a line of prose. */
  prose: number;
  references: References;
}

/** Longer lines are hard to read. */
const WIDEST_PROSE = 100;
const NARROWEST = 8;

export function roomOf(display: Display, references: References): Room {
  return { ...display, prose: Math.min(display.columns - 1, WIDEST_PROSE), references };
}

/** What is left for the content of a list item or a quote. */
export function narrower(room: Room, cells: number): Room {
  const columns = Math.max(NARROWEST, room.columns - cells);
  return { ...room, columns, prose: Math.max(NARROWEST - 1, room.prose - cells) };
}
