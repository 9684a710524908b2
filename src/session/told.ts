import { parted } from "../client/conversations/summarized.ts";
import type { Turn } from "../protocol/bodies.ts";

/** What the next question of a conversation is told. */
export interface Told {
  turns: readonly Turn[];
  /** What the last question was told, where the turns are a summary that holds it. */
  beforeLast?: readonly Turn[];
}

/** `before` reads the history of the last question. */
export async function toldOf(all: () => Promise<Turn[]>, before: () => Promise<Turn[]>): Promise<Told> {
  const turns = await all();
  const { rest, standsFor } = parted(turns);
  return standsFor > 0 && rest.length === 0 ? { turns, beforeLast: await before() } : { turns };
}
