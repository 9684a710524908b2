import type { SavedTurn } from "../client/conversations/saved-turn.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { Last } from "./state.ts";

/**
 * The end of a conversation: its last exchange as a question that can be asked again, never under the key that it had.
 * `beforeLast`: the turns before it, where `turns` are a summary that holds it.
 */
export function conversationEnd(
  exchanges: readonly SavedTurn[],
  turns: readonly Turn[],
  key: string,
  beforeLast?: readonly Turn[],
): { last: Last | undefined; leaf: string | null; asked?: string } {
  const exchange = exchanges.at(-1);
  if (exchange === undefined) return { last: undefined, leaf: null };
  const { question: message, id: turn, asked } = exchange;
  const parent = exchanges.at(-2)?.id ?? null;
  const again = { message, key, outcome: "answered", parent, turn } as const;
  if (beforeLast !== undefined) return { last: { ...again, before: beforeLast }, leaf: turn, asked };
  const isIn = turns.at(-2)?.content === message.toWellFormed();
  // A copy: what follows it does not follow the same turns as the question itself.
  const before = isIn ? turns.slice(0, -2) : [...turns];
  return { last: { ...again, before }, leaf: turn, asked };
}
