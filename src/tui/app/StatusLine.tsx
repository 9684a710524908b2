import { paint, styles, type Display } from "../markdown/display.ts";
import { contextUsed } from "../../session/context.ts";
import type { State } from "../../session/state.ts";
import { statusLine } from "../status-line.ts";
import { Lines } from "./Lines.tsx";

/** The last row: user, server, tokens, questions, model. */
export function StatusLine({ state, server, display }: { state: State; server: string; display: Display }) {
  const line = statusLine({ ...state, server, context: contextUsed(state) }, display.columns, display.ascii);
  return <Lines lines={[paint(line, styles.dim, display)]} display={display} />;
}
