import type { ApiClient } from "../client/http/contract.ts";
import type { Role } from "../client/conversations/record.ts";
import type { OwnTexts } from "../client/kept/own-texts.ts";
import type { Connection } from "./connection.ts";
import type { Attached } from "../client/conversations/images.ts";
import type { HeldImage, Images } from "./images.ts";
import type { Pending } from "./pending.ts";
import type { PromptSource } from "./prompts.ts";
import type { Beginning, Saving } from "./saved.ts";
import { costWords, lowWarning } from "./money.ts";
import type { Event } from "./event.ts";
import type { State } from "./state.ts";
import type { Line, Said, Tone } from "./transcript.ts";

/** What a session is made of. All input and output comes in here. */
export interface SessionOptions {
  connection: Connection;
  /** Called with the reason if a login can't be saved, or forgotten, on this machine. */
  onLoginProblem?: (why: string) => void;
  commandName: string;
  say: (said: Said) => void;
  /** Called with a bug in background work: the state is no longer reliable, so the face ends the session. */
  crash: (error: unknown) => void;
  /** What sends a question again that failed: `Enter`, if it returns to a composer, or `/retry`. */
  again: (question: string) => string;
  /** The key that stops an answer, in words. */
  stopKey: string;
  now: () => number;
  newKey: () => string;
  /** Rejects once the signal aborts. */
  sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds since the epoch, for ages; `now` by default. */
  wallClock?: () => number;
  /** Without it nothing is saved. */
  saving?: Saving;
  beginning?: Beginning;
  /** The question that a killed session was asking. */
  pending?: Pending;
  /** Called with a question before it is sent, and with undefined once its turn is saved or it is known to be free. */
  onPending?: (pending: Pending | undefined) => void;
  /** The images of what an earlier session left; `keep` is called with each that is added, and never rejects. */
  images?: { found: readonly HeldImage[]; keep: (image: Attached) => Promise<void> };
  /** Questions that an earlier session did not send. */
  unsent?: readonly string[];
  /** The user's roles. */
  roles?: OwnTexts | undefined;
  /** The user's prompts. */
  prompts?: PromptSource | undefined;
  /** The role of new conversations. `isAsked`: also of the one that it begins with. */
  role?: { role: Role | undefined; isAsked: boolean } | undefined;
  /** Connects to another server; rejects with `ClientError` if that fails. */
  connectTo?: (server: string) => Promise<Connection>;
}

/** What the parts of a session share. */
export interface Room extends Omit<SessionOptions, "images"> {
  /** The server's name, as shown to people. */
  readonly server: string;
  /** The server in a sentence. */
  readonly place: string;
  /** Its address, or `local`: the name under which things of it are kept. */
  readonly name: string;
  /** Whether it is this user's own data folder: then a 402 tells how to grant. */
  readonly local: boolean;
  readonly client: ApiClient;
  readonly images: Images;
  /** Saves a new login. */
  saveLogin: (login: { username: string; token: string; given: number }) => Promise<void>;
  /** Forgets the login that is in use; one that another program saved meanwhile stays. */
  forgetLogin: () => Promise<void>;
  wallClock: () => number;
  state: () => State;
  dispatch: (event: Event) => void;
  note: (tone: Tone, ...lines: Line[]) => void;
  /** Whether the token is of the environment: the session does not revoke it. */
  readonly isBorrowed: boolean;
}

/** Says what an answer cost and how long it took, with a warning if few questions are left. */
export function sayCost(room: Room, cost: number | null, milliseconds: number): void {
  const { tokens, price } = room.state();
  room.say({ type: "cost", spent: costWords(cost), milliseconds, tokens });
  const warning = lowWarning({ tokens, price });
  if (warning !== undefined) room.note("warn", warning);
}
