import type { ApiClient } from "../../client/contract.ts";
import type { Entry } from "../options.ts";
import { costLine, lowWarning } from "./money.ts";
import type { Event, State } from "./state.ts";
import type { Said, Tone } from "./transcript.ts";

/** What a session is made of. Everything that touches the world outside comes in here. */
export interface SessionOptions {
  server: string;
  local: boolean;
  client: ApiClient;
  entry: Entry | undefined;
  saveLogin: (entry: Entry) => Promise<void>;
  forgetLogin: () => Promise<void>;
  commandName: string;
  say: (said: Said) => void;
  /** `·`, or what stands for it in ASCII. */
  dot: string;
  /** What sends a question again that failed: `Enter`, where it comes back into a composer, or `/retry`. */
  again: string;
  now: () => number;
  newKey: () => string;
  /** Rejects once the signal aborts. */
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
}

/** What the parts of a session share. */
export interface Room extends SessionOptions {
  state: () => State;
  dispatch: (event: Event) => void;
  note: (tone: Tone, ...lines: string[]) => void;
  refreshBalance: () => Promise<void>;
  /** The same where a failure is no matter. */
  tryBalance: () => Promise<void>;
}

/** The dim line under an answer, with a warning where the money runs out. */
export function sayCost(room: Room, cost: number | null): void {
  const { tokens, price } = room.state();
  const line = costLine(cost, tokens, room.dot);
  if (line !== "") room.note("dim", line);
  const warning = lowWarning({ tokens, price });
  if (warning !== undefined) room.note("warn", warning);
}
