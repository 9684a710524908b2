import { titleOf } from "../client/conversations/record.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { Form } from "./form.ts";
import type { Money } from "./money.ts";

/** What the session is at. Times are milliseconds of the session's clock. */
export type Phase =
  /** `isLoaded`: what was loaded is there, so what was typed for it may be sent. */
  | { kind: "idle"; isLoaded?: boolean }
  /** A conversation is being loaded, or the server or the login changed: no question may be sent. */
  | { kind: "loading"; since: number }
  /** Sent; no word of the answer yet. `wait`: not before that time, and why. */
  | { kind: "asking"; since: number; wait?: { until: number; reason: string } }
  | { kind: "streaming"; since: number }
  /** Stopped by hand; what it cost is being found out. */
  | { kind: "settling"; since: number };

/** The last question, with what is needed to ask it again. */
export interface Last {
  message: string;
  /** The turns that stood before it. */
  before: readonly Turn[];
  key: string;
  outcome: "open" | "answered" | "stopped" | "failed";
  /** The saved turn that stands in its place; the next one there replaces it. */
  turn?: string;
}

/** Everything that the screen shows, and what the next question needs. */
export interface State extends Money {
  signedIn: boolean;
  username: string | null;
  model: string | null;
  /** Whether the server is known to have the limits of API.md §1, for a question and for a new account. */
  ourRules: boolean;
  phase: Phase;
  /** Over everything else while it is there. */
  form: Form | undefined;
  turns: readonly Turn[];
  last: Last | undefined;
  /** The Markdown of the last answer, for /copy and /raw. */
  answer: string;
  /** The ID under which the conversation is saved; undefined before its first turn. */
  conversation: string | undefined;
  /** Whether any of it reached the disk, so that it can be gone on with. */
  kept: boolean;
  title: string | null;
  /** Whether the next question takes the place of the last one. */
  editing: boolean;
}

export type Event =
  | { type: "asked"; message: string; before: readonly Turn[]; key: string; at: number }
  | { type: "waiting"; until: number; reason: string }
  | { type: "firstWords" }
  | { type: "answered"; text: string; cost: number | null; tokens: number | null }
  | { type: "stopping"; text: string; at: number }
  | { type: "failed"; text: string }
  | { type: "settled" }
  | { type: "loading"; at: number }
  | { type: "loaded"; isLoaded: boolean }
  | { type: "balance"; tokens: number | null }
  | { type: "offer"; price: number | null; model: string | null; ourRules: boolean }
  | { type: "form"; form: Form | undefined }
  | { type: "signedIn"; username: string | null }
  | { type: "signedOut" }
  | { type: "cleared" }
  | {
      type: "resumed";
      conversation: string;
      title: string;
      turns: readonly Turn[];
      last: Last | undefined;
    }
  /** `key`: of the question whose turn it is. */
  | { type: "saved"; key: string; conversation: string; turn: string; kept: boolean }
  | { type: "titled"; conversation: string; title: string }
  | { type: "editing"; on: boolean }
  | { type: "moved"; login: { username: string | null } | undefined };

export function firstState(login: { username: string | null } | undefined): State {
  return {
    signedIn: login !== undefined,
    username: login?.username ?? null,
    model: null,
    ourRules: false,
    tokens: null,
    price: null,
    phase: { kind: "idle" },
    form: undefined,
    turns: [],
    last: undefined,
    answer: "",
    conversation: undefined,
    kept: false,
    title: null,
    editing: false,
  };
}

/** The conversation as a reducer (pure). A stopped answer is part of the history, a failed one isn't (CLI.md §4). */
export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "asked": {
      const { message, before, key, at } = event;
      const turn = state.last?.before === before ? state.last.turn : undefined;
      const last: Last = { message, before, key, outcome: "open", turn };
      const title = state.title ?? titleOf(message);
      return { ...state, turns: before, last, title, editing: false, phase: { kind: "asking", since: at } };
    }
    case "waiting": {
      const { until, reason } = event;
      return state.phase.kind === "asking"
        ? { ...state, phase: { ...state.phase, wait: { until, reason } } }
        : state;
    }
    case "firstWords":
      return state.phase.kind === "asking"
        ? { ...state, phase: { kind: "streaming", since: state.phase.since } }
        : state;
    case "answered":
      return {
        ...ended(state, "answered", event.text),
        tokens:
          event.tokens ?? (event.cost === null || state.tokens === null ? null : state.tokens - event.cost),
        price: state.price ?? (event.cost === 0 ? null : event.cost),
        phase: { kind: "idle" },
      };
    case "stopping":
      return { ...ended(state, "stopped", event.text), phase: { kind: "settling", since: event.at } };
    case "failed": {
      const answer = event.text === "" ? state.answer : event.text;
      return { ...ended(state, "failed", ""), answer, phase: { kind: "idle" } };
    }
    case "settled":
      return { ...state, phase: { kind: "idle" } };
    case "loading":
      return state.phase.kind === "idle" ? { ...state, phase: { kind: "loading", since: event.at } } : state;
    case "loaded":
      return state.phase.kind === "loading"
        ? { ...state, phase: { kind: "idle", isLoaded: event.isLoaded } }
        : state;
    case "balance":
      return { ...state, tokens: event.tokens };
    case "offer": {
      const { model, ourRules } = event;
      return { ...state, price: event.price ?? state.price, model, ourRules };
    }
    case "form":
      return { ...state, form: event.form };
    case "signedIn":
      return { ...state, form: undefined, signedIn: true, username: event.username, tokens: null };
    case "signedOut": {
      const { price, model, ourRules } = state;
      return { ...firstState(undefined), price, model, ourRules };
    }
    case "cleared":
      return {
        ...state,
        turns: [],
        last: undefined,
        answer: "",
        conversation: undefined,
        kept: false,
        title: null,
        editing: false,
      };
    case "resumed": {
      const { conversation, title, turns, last } = event;
      const answer = turns.at(-1)?.content ?? "";
      return { ...state, conversation, kept: true, title, turns, last, answer, editing: false };
    }
    case "saved": {
      const { last } = state;
      if (last?.key !== event.key) return state;
      const { conversation, turn } = event;
      return { ...state, conversation, kept: state.kept || event.kept, last: { ...last, turn } };
    }
    case "titled":
      return state.conversation === event.conversation ? { ...state, title: event.title } : state;
    case "editing":
      return { ...state, editing: event.on && state.last !== undefined };
    case "moved":
      return firstState(event.login);
  }
}

/** Whether a question is being answered. */
export function isAnswering({ kind }: Phase): boolean {
  return kind !== "idle" && kind !== "loading";
}

/** The ID under which the conversation can be gone on with; undefined while nothing of it is on disk. */
export function resumable({ conversation, kept }: State): string | undefined {
  return kept ? conversation : undefined;
}

/** Whether the conversation has its title from a question that is no part of it: the next one names it. */
function isNamedAfter({ message, before }: Last, { title, conversation }: State): boolean {
  return conversation === undefined && before.length === 0 && title === titleOf(message);
}

function ended(state: State, outcome: Last["outcome"], text: string): State {
  if (state.last === undefined) return state;
  const last = { ...state.last, outcome };
  if (text === "") return { ...state, last, title: isNamedAfter(last, state) ? null : state.title };
  const pair: Turn[] = [
    { role: "user", content: last.message },
    { role: "assistant", content: text },
  ];
  return { ...state, last, answer: text, turns: [...last.before, ...pair] };
}
