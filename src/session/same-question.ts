import type { Turn } from "../protocol/bodies.ts";
import { isSameRole } from "./role.ts";
import type { Last, State } from "./state.ts";

/** The turns before a question. An edited question replaces the last one; a failed one, sent again, keeps its place. */
export function turnsBefore({ editing, last, turns }: State, message: string): readonly Turn[] {
  const isAgain = last?.outcome === "failed" && last.message === message;
  return last !== undefined && (editing || isAgain) ? last.before : turns;
}

/**
 * The last question, whose key is used again, while message, history, role and choice of model are unchanged and it wasn't
 * answered (docs/session.md#failed-questions).
 */
export function sameQuestion(
  { last, choice, role }: State,
  message: string,
  before: readonly Turn[],
  again: boolean,
): Last | undefined {
  if (last === undefined || last.message !== message || last.outcome === "answered") return undefined;
  if (last.choice?.name !== choice?.name) return undefined;
  if (!isSameRole(last.role, role)) return undefined;
  return last.before === before || (again && last.before.length === before.length) ? last : undefined;
}
