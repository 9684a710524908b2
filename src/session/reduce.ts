import { renamed } from "../client/account-name.ts";
import { titleOfQuestion } from "../client/conversations/title.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { Event } from "./event.ts";
import { choiceIn, offeredBy, type ModelChoice } from "./model.ts";
import { queueAfter } from "./queue.ts";
import { firstState, noConversation, type Last, type State } from "./state.ts";

/**
 * The conversation as a reducer (pure). A stopped answer is part of the history, a failed one isn't
 * (docs/session.md#failed-questions).
 */
export function reduce(state: State, event: Event): State {
  const next = changed(state, event);
  return { ...next, queue: queueAfter(state.queue, event, state.price) };
}

function changed(state: State, event: Event): State {
  switch (event.type) {
    case "asked": {
      const { message, images = [], before, key, model, at } = event;
      const { parent, turn } = state.last?.before === before ? state.last : { parent: state.leaf };
      const { choice, role, turns, leaf } = state;
      const until = { turns, leaf };
      const last: Last = {
        message,
        images,
        before,
        key,
        outcome: "open",
        choice,
        model,
        role,
        parent,
        turn,
        until,
      };
      const title = state.title ?? titleOfQuestion(message);
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
    case "toldForgotten":
      return { ...state, toldForgotten: true };
    case "compacting":
      return { ...state, phase: { kind: "asking", since: event.at, sumsUp: true } };
    case "compacted": {
      const { turns } = event;
      // A failed question is still the next one.
      const last = state.last?.before === state.turns ? { ...state.last, before: turns } : state.last;
      return { ...state, turns, earlier: 0, toldForgotten: false, last };
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
      return {
        ...state,
        tokens: event.tokens,
        ...(event.username !== undefined && renamed(state, event.username)),
      };
    case "offer": {
      const { price, model, limits, models, extensions, registration } = event;
      const offered = { price, model, limits };
      return shownOf({ ...state, offered, models, extensions, registration });
    }
    case "models":
      return shownOf({ ...state, models: event.models });
    case "chosen": {
      const choice: ModelChoice = { name: event.model, from: "session" };
      return shownOf({ ...state, usual: choice, choice });
    }
    case "role":
      return { ...state, role: event.role, usualRole: event.role };
    case "form":
      return { ...state, form: event.form };
    case "signedIn":
      return {
        ...state,
        form: undefined,
        signedIn: true,
        username: event.username,
        formerly: [],
        tokens: null,
      };
    case "signedOut": {
      const { price, models, offered, usual, usualRole, extensions, registration } = state;
      const known = { price, models, offered, extensions, registration };
      return shownOf({ ...firstState(undefined, usual, usualRole), ...known });
    }
    case "cleared":
      return shownOf({ ...state, choice: state.usual, role: state.usualRole, ...noConversation });
    case "resumed": {
      const { conversation, title, turns, earlier = 0, answer, leaf, last, role, asked } = event;
      const choice = choiceIn(state.usual, asked);
      const reasoning = { text: "" };
      const resumed = { conversation, kept: true, title, turns, earlier, leaf, last, answer, reasoning };
      return shownOf({ ...state, ...noConversation, ...resumed, role, choice });
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
      return firstState(event.login, event.usual, state.usualRole);
    case "movedBack":
      return { ...event.state, form: undefined, phase: { kind: "idle" } };
    case "lost": {
      const { message, before, key, model, role } = event;
      const replaces = before === state.turns ? undefined : state.last?.turn;
      const last: Last = {
        message,
        before,
        key,
        outcome: "failed",
        choice: state.choice,
        model,
        role,
        parent: replaces === undefined ? state.leaf : (state.last?.parent ?? null),
        turn: replaces,
      };
      return { ...state, last, role, editing: before !== state.turns };
    }
    case "queued":
    case "takenBack":
    case "queueStopped":
    case "queueSent":
      return state;
  }
}

/** The state with the model that answers now, its price, and what it takes. */
function shownOf(state: State): State {
  const { price, model, limits } = offeredBy(state);
  // Without a list the price may have been learned from an answer.
  return { ...state, model, limits, price: state.models.length === 0 ? (price ?? state.price) : price };
}

/** Whether the title is from a question that did not become part of the conversation: the next one names it. */
function isNamedAfter({ message, before }: Last, { title, conversation }: State): boolean {
  return conversation === undefined && before.length === 0 && title === titleOfQuestion(message);
}

function ended(state: State, outcome: Last["outcome"], text: string): State {
  if (state.last === undefined) return state;
  if (text === "") {
    const last: Last = { ...state.last, outcome: outcome === "stopped" ? "failed" : outcome };
    const title = isNamedAfter(last, state) ? null : state.title;
    const { turns, leaf } = last.until ?? state;
    return { ...state, last, title, turns, leaf, editing: turns !== last.before };
  }
  const last = { ...state.last, outcome };
  const pair: Turn[] = [
    { role: "user", content: last.message },
    { role: "assistant", content: text },
  ];
  return { ...state, last, answer: text, turns: [...last.before, ...pair] };
}
