import { splitSummary } from "../client/conversations/summarized.ts";
import type { Turn } from "../protocol/bodies.ts";

/** The turns that go to the AI with the next question of a conversation. */
export interface SentHistory {
  turns: readonly Turn[];
  /** Those that went with the last question, where `turns` are a summary that holds it. */
  beforeLast?: readonly Turn[];
}

/** `before` reads the history of the last question. */
export async function sentHistory(
  all: () => Promise<Turn[]>,
  before: () => Promise<Turn[]>,
): Promise<SentHistory> {
  const turns = await all();
  const { rest, standsFor } = splitSummary(turns);
  return standsFor > 0 && rest.length === 0 ? { turns, beforeLast: await before() } : { turns };
}
