import { titleOf } from "../client/conversations/record.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { ModelOffer } from "../client/http/contract.ts";
import type { Form } from "./form.ts";
import { choiceIn, offeredBy, type ModelChoice } from "./model.ts";
import { firstState, noConversation, type Last, type State } from "./state.ts";

/** What changes the state. */
export type Event =
  | { type: "asked"; message: string; before: readonly Turn[]; key: string; model?: string; at: number }
  | { type: "waiting"; until: number; reason: string }
  | { type: "thinking"; at: number }
  /** The question is asked anew. */
  | { type: "tried" }
  | { type: "firstWords" }
  | { type: "answered"; text: string; cost: number | null; tokens: number | null }
  | { type: "stopping"; text: string; at: number }
  | { type: "failed"; text: string }
  | { type: "settled" }
  | { type: "loading"; at: number }
  | { type: "loaded"; isLoaded: boolean }
  | { type: "balance"; tokens: number | null }
  | {
      type: "offer";
      price: number | null;
      model: string | null;
      models: readonly ModelOffer[];
      ourRules: boolean;
    }
  /** The list was requested anew. */
  | { type: "models"; models: readonly ModelOffer[] }
  | { type: "chosen"; model: string }
  | { type: "form"; form: Form | undefined }
  | { type: "signedIn"; username: string | null }
  | { type: "signedOut" }
  | { type: "cleared" }
  | {
      type: "resumed";
      conversation: string;
      title: string;
      turns: readonly Turn[];
      leaf: string | null;
      last: Last | undefined;
      /** The model that its last question named. */
      asked?: string;
    }
  /** `key`: of the question whose turn was saved. */
  | { type: "saved"; key: string; conversation: string; turn: string; kept: boolean }
  /** The question is not asked in the conversation that another session goes on with. */
  | { type: "forked"; key: string; conversation: string; title: string; kept: boolean }
  | { type: "titled"; conversation: string; title: string }
  | { type: "editing"; on: boolean }
  | { type: "moved"; login: { username: string | null } | undefined; usual?: ModelChoice };

/**
 * The conversation as a reducer (pure). A stopped answer is part of the history, a failed one isn't
 * (docs/session.md#failed-questions).
 */
export function reduce(state: State, event: Event): State {
  switch (event.type) {
    case "asked": {
      const { message, before, key, model, at } = event;
      const { parent, turn } = state.last?.before === before ? state.last : { parent: state.leaf };
      const last: Last = { message, before, key, outcome: "open", choice: state.choice, model, parent, turn };
      const title = state.title ?? titleOf(message);
      const phase = { kind: "asking", since: at } as const;
      const asked = { turns: before, leaf: parent, last, reasoning: { text: "" } };
      return { ...state, ...asked, title, editing: false, phase };
    }
    case "waiting": {
      const { until, reason } = event;
      return state.phase.kind === "asking"
        ? { ...state, phase: { ...state.phase, wait: { until, reason } } }
        : state;
    }
    case "thinking":
      return state.phase.kind === "asking"
        ? { ...state, phase: { kind: "thinking", since: state.phase.since, from: event.at } }
        : state;
    case "tried":
      return state.phase.kind === "thinking"
        ? { ...state, phase: { kind: "asking", since: state.phase.since } }
        : state;
    case "firstWords":
      return state.phase.kind === "asking" || state.phase.kind === "thinking"
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
      const { price, model, models, ourRules } = event;
      return shownOf({ ...state, offered: { price, model }, models, ourRules });
    }
    case "models":
      return shownOf({ ...state, models: event.models });
    case "chosen": {
      const choice: ModelChoice = { name: event.model, from: "session" };
      return shownOf({ ...state, usual: choice, choice });
    }
    case "form":
      return { ...state, form: event.form };
    case "signedIn":
      return { ...state, form: undefined, signedIn: true, username: event.username, tokens: null };
    case "signedOut": {
      const { price, model, models, offered, usual, ourRules } = state;
      return shownOf({ ...firstState(undefined, usual), price, model, models, offered, ourRules });
    }
    case "cleared":
      return shownOf({ ...state, choice: state.usual, ...noConversation });
    case "resumed": {
      const { conversation, title, turns, leaf, last, asked } = event;
      const choice = choiceIn(state.usual, asked);
      const answer = turns.at(-1)?.content ?? "";
      const reasoning = { text: "" };
      const resumed = { conversation, kept: true, title, turns, leaf, last, answer, reasoning };
      return shownOf({ ...state, ...resumed, editing: false, choice });
    }
    case "saved": {
      const { last } = state;
      if (last?.key !== event.key) return state;
      const { conversation, turn } = event;
      return { ...state, conversation, kept: state.kept || event.kept, leaf: turn, last: { ...last, turn } };
    }
    case "forked": {
      const { key, conversation, title, kept } = event;
      return state.last?.key === key ? { ...state, conversation, title, kept } : state;
    }
    case "titled":
      return state.conversation === event.conversation ? { ...state, title: event.title } : state;
    case "editing":
      return { ...state, editing: event.on && state.last !== undefined };
    case "moved":
      return firstState(event.login, event.usual);
  }
}

/** The state with the model that answers now, and its price. */
function shownOf(state: State): State {
  const { price, model } = offeredBy(state);
  // Without a list the price may have been learned from an answer.
  return { ...state, model, price: state.models.length === 0 ? (price ?? state.price) : price };
}

/** Whether the title is from a question that did not become part of the conversation: the next one names it. */
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
