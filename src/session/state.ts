import type { AccountNames } from "../client/account-name.ts";
import type { Role } from "../client/conversations/record.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { ChatLimits } from "../protocol/chat-limits.ts";
import type { Registration } from "../protocol/replies.ts";
import type { Extension } from "../protocol/routes.ts";
import type { Form } from "./form.ts";
import type { ModelOffer } from "../client/http/contract.ts";
import type { HeldImage } from "./images.ts";
import type { Answering, ModelChoice } from "./model.ts";
import type { Money } from "./money.ts";

/** What the session is doing. Times are milliseconds of the session's clock. */
export type Phase =
  /** `isLoaded`: loading succeeded, so a text that was typed meanwhile may be sent. */
  | { kind: "idle"; isLoaded?: boolean }
  /** A conversation is being loaded, or the server or the login changed: no question may be sent. */
  | { kind: "loading"; since: number }
  /**
   * Sent, no text of the answer yet. `wait`: the time of the next try, and the reason. `sumsUp`: of a summary, whose text is
   * not shown while it comes.
   */
  | { kind: "asking"; since: number; wait?: { until: number; reason: string }; sumsUp?: true }
  /** Sent, and the AI thinks; `from`: since when. */
  | { kind: "thinking"; since: number; from: number }
  | { kind: "streaming"; since: number }
  /** Stopped by the user; the balance is being requested. */
  | { kind: "settling"; since: number };

/** The last question, with what is needed to ask it again. */
export interface Last {
  message: string;
  /** The images whose labels are in it. */
  images?: readonly HeldImage[];
  /** The turns before it. */
  before: readonly Turn[];
  key: string;
  /** `failed`: also if it was stopped before the first word. */
  outcome: "open" | "answered" | "stopped" | "failed";
  /** The model that was chosen then, and the one that the question names. */
  choice?: ModelChoice;
  model?: string;
  /** The role of the conversation then. */
  role?: Role | undefined;
  /** The ID of the saved turn that it follows; null for a first one. */
  parent: string | null;
  /** The ID of its saved turn, of which its next answer is another version. */
  turn?: string;
  /** The conversation when it was asked, which it is again if nothing of an answer comes. */
  until?: Pick<State, "turns" | "leaf">;
}

/**
 * What the AI thinks before its answer. `text` grows without an event: a model may think in tens of thousands of pieces.
 * It is saved nowhere.
 */
export interface Reasoning {
  text: string;
}

/** The questions that were sent during an answer, the next one first. */
export interface Queue {
  questions: readonly string[];
  /** None of them is sent until the user says so. */
  isStopped: boolean;
}

export const emptyQueue: Queue = { questions: [], isStopped: false };

/** What the faces show, and what the next question needs. */
export interface State extends Money {
  signedIn: boolean;
  username: string | null;
  /** Names that the account had before. */
  formerly: readonly string[];
  /** Which model answers, as far as it is known. */
  model: string | null;
  /** The models to choose from. */
  models: readonly ModelOffer[];
  /** What `GET /api/` told of the default. */
  offered: Answering;
  /** What the server has beyond the four endpoints; undefined while that is not known. */
  extensions: ReadonlySet<Extension> | undefined;
  /** What the model that answers takes, if the server tells it. */
  limits?: ChatLimits | undefined;
  /** The chosen model, in new conversations and in this one. */
  usual: ModelChoice | undefined;
  choice: ModelChoice | undefined;
  /** The user's instructions for every answer, in new conversations and in this one. */
  usualRole: Role | undefined;
  role: Role | undefined;
  /** Who may register there, if the server tells it. */
  registration: Registration | undefined;
  phase: Phase;
  /** Covers everything else while it is open. */
  form: Form | undefined;
  /** Those that are sent, the first of which may be a summary of others. */
  turns: readonly Turn[];
  /** How many saved turns are neither in them nor in their summary, and are not sent. */
  earlier: number;
  /** Whether the session has said that the oldest turns no longer reach the AI. */
  toldForgotten: boolean;
  /** The ID of the saved turn that the next question follows; null for a first one. */
  leaf: string | null;
  last: Last | undefined;
  /** The Markdown of the last answer, for /copy and /raw. */
  answer: string;
  /** What the AI thought before it, for /reasoning. */
  reasoning: Reasoning;
  /** The ID under which the conversation is saved; undefined before its first turn. */
  conversation: string | undefined;
  /** Whether any of it is on disk, so that it can be resumed. */
  kept: boolean;
  title: string | null;
  /** Whether the next question replaces the last one. */
  editing: boolean;
  queue: Queue;
}

/** What a new conversation begins with. */
export const noConversation = {
  turns: [],
  earlier: 0,
  toldForgotten: false,
  leaf: null,
  last: undefined,
  answer: "",
  reasoning: { text: "" },
  conversation: undefined,
  kept: false,
  title: null,
  editing: false,
} satisfies Partial<State>;

export function firstState(login: AccountNames | undefined, usual?: ModelChoice, role?: Role): State {
  return {
    signedIn: login !== undefined,
    username: login?.username ?? null,
    formerly: login?.formerly ?? [],
    model: null,
    models: [],
    offered: { price: null, model: null },
    extensions: undefined,
    usual,
    choice: usual,
    usualRole: role,
    role,
    registration: undefined,
    tokens: null,
    price: null,
    phase: { kind: "idle" },
    form: undefined,
    queue: emptyQueue,
    ...noConversation,
  };
}

/** Whether a question is being answered. */
export function isAnswering({ kind }: Phase): boolean {
  return kind !== "idle" && kind !== "loading";
}

/** Whether the next question of the queue is sent once nothing else is under way. */
export const isRunning = ({ questions, isStopped }: Queue): boolean => questions.length > 0 && !isStopped;

/** Whether a question is being answered, or the next one of the queue is about to be sent. */
export function isBusy({ phase, queue }: State): boolean {
  return isAnswering(phase) || isRunning(queue);
}

/** The ID under which the conversation can be resumed; undefined while nothing of it is on disk. */
export function resumable({ conversation, kept }: State): string | undefined {
  return kept ? conversation : undefined;
}
