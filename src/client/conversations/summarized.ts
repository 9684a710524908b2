import type { Turn } from "../../protocol/bodies.ts";

/** What a summary says: it stands for the first `turns` turns of a path. */
export interface SavedSummary {
  text: string;
  turns: number;
}

/** A summary of the turns that lead to that one. */
export interface NewSummary {
  turn: string;
  text: string;
  tokensDeducted: number | null;
  model: string | null;
}

/** The question of a history that begins with a summary: so many turns are in its answer. */
interface SummaryTurn extends Turn {
  standsFor: number;
}

const isSummary = (turn: Turn | undefined): turn is SummaryTurn => turn !== undefined && "standsFor" in turn;

/** A summary as the first exchange of a history. */
export function summaryTurns({ text, turns: standsFor }: SavedSummary): Turn[] {
  const asked: SummaryTurn = { role: "user", content: "Sum up our conversation so far.", standsFor };
  return [asked, { role: "assistant", content: text.toWellFormed() }];
}

/** The turns of a history, of which the first exchange may be a summary. `standsFor`: how many turns are in that, or 0. */
export function splitSummary(turns: readonly Turn[]): {
  summary: Turn[];
  rest: readonly Turn[];
  standsFor: number;
} {
  const [asked] = turns;
  if (!isSummary(asked)) return { summary: [], rest: turns, standsFor: 0 };
  const summary = turns.slice(0, 2).map(({ role, content }) => ({ role, content }));
  return { summary, rest: turns.slice(2), standsFor: asked.standsFor };
}

/** How many turns of a conversation these are, or are in their summary. */
export function turnsIn(turns: readonly Turn[]): number {
  const { rest, standsFor } = splitSummary(turns);
  return standsFor + rest.length / 2;
}
