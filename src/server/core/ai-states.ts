import type { AiCall, AiFailure } from "./ai-calls.ts";

/** So many failures in a row … */
const ROW = 3;
/** … and no answer for so long: a busy AI fails now and then. Milliseconds, as all times here. */
const WITHOUT_ANSWER = 10_000;

/** The last minutes, and the parts in which their calls are counted. */
const RECENT = 120_000;
const SLOT = 10_000;
/** Fewer calls than this in the last minutes are no share of anything. */
const ENOUGH = 10;

/** After so long without a call nothing is known. */
const QUIET = 15 * 60_000;

/** What recent calls say of a model's AI (docs/monitoring.md#the-state-of-the-ai). */
export interface AiState {
  state: "ok" | "failing" | "unknown";
  /** Milliseconds since the epoch. Undefined: since the start. */
  since: number | undefined;
  /** While it is failing: why its last call failed, and what the log says of it. */
  why: AiFailure | undefined;
  cause: string | undefined;
  /** While it is failing: how many calls failed. */
  failed: number;
}

export interface NamedAiState extends AiState {
  model: string;
}

/** A model began to fail, or answers again after `ms`. */
export type AiChange =
  | { kind: "failing"; model: string; why: AiFailure; cause: string | undefined }
  | { kind: "answers"; model: string; ms: number; failed: number };

export interface AiStates {
  /** Takes a call. Returns what it changed. */
  ended(call: Pick<AiCall, "model" | "failure" | "cause">): AiChange | undefined;
  of(model: string): AiState;
  all(models: string[]): NamedAiState[];
}

interface Outage {
  since: number;
  failed: number;
}

interface Known {
  place: string;
  /** Of the last call. */
  last: number;
  answered?: number;
  /** Failures after the last answer. */
  row?: Outage | undefined;
  failing?: (Outage & { why: AiFailure; cause: string | undefined }) | undefined;
  okSince?: number | undefined;
  unknownSince?: number | undefined;
  /** Oldest first. */
  recent: { slot: number; calls: number; failed: number }[];
}

/**
 * Judges the AI of each model by its calls. A question that was refused counts neither way. `placeOf`: where a model is asked;
 * undefined for one that the operator does not have (any more). What is known of a model ends when its place changes.
 */
export function createAiStates(now: () => number, placeOf: (model: string) => string | undefined): AiStates {
  const all = new Map<string, Known>();

  const find = (model: string, place = placeOf(model)): Known | undefined => {
    const known = all.get(model);
    return known?.place === place ? known : undefined;
  };

  function add(model: string, place: string, at: number): Known {
    for (const name of all.keys()) if (placeOf(name) === undefined) all.delete(name);
    const known: Known = { place, last: at, recent: [] };
    all.set(model, known);
    return known;
  }

  function of(model: string): AiState {
    const known = find(model);
    const nothing = { since: undefined, why: undefined, cause: undefined, failed: 0 };
    if (!known) return { state: "unknown", ...nothing };
    const { last, failing, okSince, unknownSince } = known;
    if (isQuiet(last, now())) return { ...nothing, state: "unknown", since: last + QUIET };
    if (failing) return { state: "failing", ...failing };
    if (okSince !== undefined) return { ...nothing, state: "ok", since: okSince };
    return { ...nothing, state: "unknown", since: unknownSince };
  }

  return {
    of,
    all: (models) => models.map((model) => ({ model, ...of(model) })),
    ended({ model, failure, cause }) {
      const place = placeOf(model);
      if (place === undefined || failure === "refused") return undefined;
      const at = now();
      const known = find(model, place) ?? add(model, place, at);
      if (isQuiet(known.last, at)) {
        known.okSince = undefined;
        known.unknownSince = known.last + QUIET;
      }
      known.last = at;
      count(known, at, failure !== undefined);
      return failure === undefined ? answers(known, model, at) : fails(known, model, at, failure, cause);
    },
  };
}

const isQuiet = (last: number, at: number) => at - last > QUIET;

function count({ recent }: Known, at: number, isFailure: boolean): void {
  const slot = Math.floor(at / SLOT);
  if (recent.at(-1)?.slot !== slot) recent.push({ slot, calls: 0, failed: 0 });
  while (recent.length > RECENT / SLOT || recent[0]!.slot <= slot - RECENT / SLOT) recent.shift();
  const last = recent.at(-1)!;
  last.calls += 1;
  if (isFailure) last.failed += 1;
}

/** Whether more than this share of the calls of the last minutes failed, if there were enough. */
function hasFailed({ recent }: Known, share: number): boolean {
  let calls = 0;
  let failed = 0;
  for (const slot of recent) {
    calls += slot.calls;
    failed += slot.failed;
  }
  return calls >= ENOUGH && failed > share * calls;
}

function answers(known: Known, model: string, at: number): AiChange | undefined {
  const { failing } = known;
  known.answered = at;
  known.row = undefined;
  // Less than what begins it, so that an AI that fails half of the time does not change its state all the time.
  if (failing && hasFailed(known, 1 / 4)) return undefined;
  known.okSince ??= at;
  known.failing = undefined;
  return failing && { kind: "answers", model, ms: at - failing.since, failed: failing.failed };
}

function fails(
  known: Known,
  model: string,
  at: number,
  why: AiFailure,
  cause: string | undefined,
): AiChange | undefined {
  const { failing, answered } = known;
  if (failing) {
    Object.assign(failing, { why, cause, failed: failing.failed + 1 });
    return undefined;
  }
  known.row ??= { since: at, failed: 0 };
  const { row } = known;
  row.failed += 1;
  const isRow = row.failed >= ROW && (answered === undefined || at - answered >= WITHOUT_ANSWER);
  if (!isRow && !hasFailed(known, 1 / 2)) return undefined;
  known.failing = { ...row, why, cause };
  known.okSince = undefined;
  return { kind: "failing", model, why, cause };
}
