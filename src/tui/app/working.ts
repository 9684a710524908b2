import { glyphs, styles, type Display } from "../markdown/display.ts";
import { oneLine } from "../../text/sanitize.ts";
import { counted } from "../../text/numbers.ts";
import type { Phase } from "../../session/state.ts";
import { wrappedSpans } from "../markdown/wrap.ts";

/** Milliseconds of silence after which the line says so. */
const SILENT_MS = 20_000;
/** A shorter load is not shown, because the line would only flicker. Milliseconds. */
const QUICK_LOAD_MS = 300;
/** Milliseconds of one frame of the spinner. */
export const TICK_MS = 200;

const PICTURES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const PLAIN_PICTURES = ["|", "/", "-", "\\"];

/** What the session is doing and for how long: a row, or more on a narrow screen; none if it is idle. */
export function workingLines(phase: Phase, lastData: number, now: number, display: Display): string[] {
  if (phase.kind === "idle") return [];
  if (phase.kind === "loading" && now - phase.since < QUICK_LOAD_MS) return [];
  const pictures = display.ascii ? PLAIN_PICTURES : PICTURES;
  const picture = pictures[Math.floor(now / TICK_MS) % pictures.length] ?? "";
  const { dot } = glyphs(display);
  const words = says(phase, lastData, now).join(` ${dot} `);
  return wrappedSpans(
    [
      { text: picture, style: styles.cyan },
      { text: ` ${words}`, style: styles.dim },
    ],
    display,
  );
}

function says(phase: Exclude<Phase, { kind: "idle" }>, lastData: number, now: number): string[] {
  const passed = `${seconds(now - phase.since)} s`;
  if (phase.kind === "loading") return ["loading", passed];
  if (phase.kind === "settling") return ["stopped, asking what it cost"];
  if (phase.kind === "asking" && phase.wait !== undefined && phase.wait.until > now) {
    const left = Math.ceil((phase.wait.until - now) / 1000);
    // The reason is last because it may be long: the wait must stay visible on a narrow screen.
    return [`asks again in ${left} s`, "Esc gives up", oneLine(phase.wait.reason, 120).replace(/\.$/, "")];
  }
  const silent = now - lastData;
  const state = phase.kind === "asking" ? "waiting" : "answering";
  if (silent >= SILENT_MS) return [`no data for ${counted(seconds(silent), "second")}`, "Esc stops"];
  return [state, passed, "Esc stops"];
}

function seconds(milliseconds: number): number {
  return Math.max(0, Math.floor(milliseconds / 1000));
}
