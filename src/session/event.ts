import type { AccountNames } from "../client/account-name.ts";
import type { Role } from "../client/conversations/record.ts";
import type { ModelOffer } from "../client/http/contract.ts";
import type { Turn } from "../protocol/bodies.ts";
import type { Registration } from "../protocol/replies.ts";
import type { Extension } from "../protocol/routes.ts";
import type { Form } from "./form.ts";
import type { HeldImage } from "./images.ts";
import type { Answering, ModelChoice } from "./model.ts";
import type { Last, State } from "./state.ts";

/** What changes the state. */
export type Event =
  | {
      type: "asked";
      message: string;
      images?: readonly HeldImage[];
      before: readonly Turn[];
      key: string;
      model?: string;
      at: number;
      /** It was the first one of the queue. */
      isQueued?: boolean;
    }
  | { type: "waiting"; until: number; reason: string }
  | { type: "thinking"; at: number }
  /** The question is asked anew. */
  | { type: "tried" }
  | { type: "firstWords" }
  | { type: "answered"; text: string; cost: number | null; tokens: number | null }
  | { type: "stopping"; text: string; at: number }
  | { type: "failed"; text: string }
  | { type: "settled" }
  | { type: "toldForgotten" }
  /** A summary was asked for. */
  | { type: "compacting"; at: number }
  /** These are told to the AI instead of all turns so far. */
  | { type: "compacted"; turns: readonly Turn[] }
  | { type: "loading"; at: number }
  | { type: "loaded"; isLoaded: boolean }
  /** `username`: as the server has it now. */
  | { type: "balance"; tokens: number | null; username?: string | undefined }
  | ({
      type: "offer";
      models: readonly ModelOffer[];
      extensions: ReadonlySet<Extension>;
      registration?: Registration | undefined;
    } & Answering)
  /** The list was requested anew. */
  | { type: "models"; models: readonly ModelOffer[] }
  | { type: "chosen"; model: string }
  | { type: "role"; role: Role | undefined }
  | { type: "form"; form: Form | undefined }
  | { type: "signedIn"; username: string | null }
  | { type: "signedOut" }
  | { type: "cleared" }
  | {
      type: "resumed";
      conversation: string;
      title: string;
      turns: readonly Turn[];
      /** Saved turns before them; by default none. */
      earlier?: number;
      /** Its last answer. */
      answer: string;
      leaf: string | null;
      last: Last | undefined;
      role?: Role | undefined;
      /** The model that its last question named. */
      asked?: string;
    }
  /** `key`: of the question whose turn was saved. */
  | { type: "saved"; key: string; conversation: string; turn: string; kept: boolean }
  /** The question is not asked in the conversation that another session goes on with. */
  | { type: "forked"; key: string; conversation: string; title: string; kept: boolean }
  | { type: "titled"; conversation: string; title: string }
  /** The question of a session that was killed during its answer. */
  | {
      type: "lost";
      message: string;
      before: readonly Turn[];
      key: string;
      model?: string;
      role?: Role | undefined;
    }
  /** To the server before, and its conversation. */
  | { type: "movedBack"; state: State }
  | { type: "editing"; on: boolean }
  | { type: "queued"; question: string }
  /** The last one of the queue returned to the composer. */
  | { type: "takenBack" }
  | { type: "queueStopped" }
  /** The user sends what is in the queue. */
  | { type: "queueSent" }
  | { type: "moved"; login: AccountNames | undefined; usual?: ModelChoice };
