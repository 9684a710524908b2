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

/** Whether a question is being answered. */
export function isAnswering({ kind }: Phase): boolean {
  return kind !== "idle" && kind !== "loading";
}

/** The ID under which the conversation can be gone on with; undefined while nothing of it is on disk. */
export function resumable({ conversation, kept }: State): string | undefined {
  return kept ? conversation : undefined;
}
