import type { Turn } from "../protocol/bodies.ts";
import { hasOurRules, MESSAGE_CHARACTERS } from "../protocol/limits.ts";
import { tooLong } from "../protocol/question-length.ts";
import { codePoints } from "../text/code-points.ts";
import { grouped } from "../text/numbers.ts";
import type { State } from "./state.ts";

/** Of lists and of turns, which never change: each redraw asks for the first, each answer for the others. */
const counts = new WeakMap<object, number>();

function counted<T extends object>(of: T, count: (of: T) => number): number {
  const known = counts.get(of) ?? count(of);
  counts.set(of, known);
  return known;
}

const charactersIn = (turn: Turn) => counted(turn, ({ content }) => codePoints(content));
const charactersOf = (turns: readonly Turn[]) =>
  counted(turns, (all) => all.reduce((sum, turn) => sum + charactersIn(turn), 0));

const roleCharacters = (role: State["role"]) =>
  role === undefined ? 0 : counted(role, ({ instructions }) => codePoints(instructions));

/** From this share on the status line shows how full the context is. */
const SHOWN_FROM = 70;

/**
 * How much of what the model takes the conversation fills, in per cent; 100 once its oldest turns no longer reach the AI,
 * not even in a summary. Undefined while it is little, and where the server does not tell.
 */
export function contextUsed({
  turns,
  earlier,
  limits,
  role,
}: Pick<State, "turns" | "earlier" | "limits"> & Partial<Pick<State, "role">>) {
  if (limits === undefined || limits.context === 0) return undefined;
  const share = Math.max(
    (charactersOf(turns) + roleCharacters(role)) / limits.context,
    turns.length / limits.turns,
  );
  const percent = earlier > 0 ? 100 : Math.min(100, Math.floor(100 * share));
  return percent < SHOWN_FROM ? undefined : percent;
}

/** How many of the oldest turns did not reach the AI, if `sent` entries did; a turn has two, question and answer. */
export const forgotten = (entries: number, sent: number): number =>
  Math.max(0, Math.ceil((entries - sent) / 2));

/** How many entries of the conversation reached the AI, of `sent` ones with those that are pinned before them. */
export const unpinned = (sent: number | undefined, most: number): number | undefined =>
  sent === undefined ? undefined : Math.min(sent, most);

export const forgottenWords = (turns: number): string =>
  turns === 1
    ? "The oldest turn no longer reaches the AI."
    : `The ${grouped(turns)} oldest turns no longer reach the AI.`;

/** Most characters of a question, if that is known. */
export const mostCharacters = ({
  extensions,
  limits,
}: Pick<State, "extensions" | "limits">): number | undefined =>
  hasOurRules(extensions) ? (limits?.message ?? MESSAGE_CHARACTERS) : undefined;

/** What to say of a question that the model does not take because of its length; undefined if it does. */
export function refusedLength(
  state: Pick<State, "extensions" | "limits" | "models" | "model"> & Partial<Pick<State, "role">>,
  question: string,
): string | undefined {
  const most = mostCharacters(state);
  const { models, model } = state;
  const by = models.length > 1 && model !== null ? model : undefined;
  if (most === undefined) return undefined;
  const { limits, role } = state;
  // Role and question are never cut to fit.
  const room = role && limits && limits.context > 0 ? limits.context - roleCharacters(role) : most;
  if (role === undefined || room >= most) return tooLong(question, most, by);
  return tooLong(question, Math.max(0, room), `${by ?? "this server"}, beside the role ${role.name},`);
}
