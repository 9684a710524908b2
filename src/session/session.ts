import type { Account } from "./account.ts";
import type { Compacting } from "./compacting.ts";
import type { FormEvent } from "./form.ts";
import type { Images } from "./images.ts";
import type { Models } from "./models.ts";
import type { Prompts } from "./prompts.ts";
import type { Roles } from "./roles.ts";
import type { Saver } from "./saving.ts";
import type { State } from "./state.ts";
import type { Line, Tone } from "./transcript.ts";
import type { Versions } from "./versions.ts";

/** A conversation with one server, without a screen. What happens is in `say` and in the state. */
export interface Session {
  readonly state: State;
  /** The server's name, as shown to people. */
  readonly server: string;
  /** The same in a sentence: `your own server on this machine`, or its host. */
  readonly place: string;
  /** Its address, or `local`, as it stands behind `-s`. */
  readonly address: string;
  readonly commandName: string;
  /** The key that stops an answer, in words. */
  readonly stopKey: string;
  /** Milliseconds of the clock at which the answer last grew. */
  readonly lastData: number;
  /** Called after each change of the state; returns what unsubscribes. */
  subscribe(listener: () => void): () => void;
  /** Requests the balance and what the server offers; opens the form if nobody is logged in. */
  start(): Promise<void>;
  /**
   * Sends a question; during an answer it joins the queue. False, and nothing is sent, while something is loading or the
   * form is open, or if it is too long for the server; then it prints that.
   */
  ask(text: string): boolean;
  /** The images of this session: `add` returns the label that stands for one in a question. */
  readonly images: Pick<Images, "add">;
  /** Why a question cannot be sent as it is: it is too long, or because of its images. */
  refusal(text: string): readonly string[] | undefined;
  /** Sends what a stopped queue holds, one question after the other. */
  sendQueue(): void;
  /** Returns the last question of the queue to the composer. */
  takeBack(): void;
  /** Asks the last question again: under the same key if it failed or was stopped, else as a new one. */
  retry(): void;
  /** Stops the queue and the answer, keeps what arrived, and prints what it cost; after its end, stops the requests that follow it. */
  stop(): void;
  /** Starts a new conversation. */
  clear(): void;
  /** The account: `show` and `showUsage` print it. */
  readonly account: Pick<Account, "show" | "showUsage" | "logOut">;
  openForm(): void;
  /** Returns the last question to the composer; the next question replaces it. */
  edit(): void;
  /** Ends `edit` without a change. */
  stopEditing(): void;
  /** The saved conversations: resumes one, renames, pins, exports or deletes this one, finds others. */
  readonly saver: Pick<
    Saver,
    "resume" | "rename" | "pin" | "answers" | "markdown" | "remove" | "choices" | "search" | "searchAmong"
  >;
  /** The versions of turns: lists them, goes on with one, or with a fork. */
  readonly versions: Versions;
  /** Sums the conversation up. */
  readonly compacting: Pick<Compacting, "asks" | "run">;
  /** The models of the server, to choose from. */
  readonly models: Models;
  /** The user's instructions for every answer. */
  readonly roles: Roles;
  /** Texts of the user, which are sent by their names. */
  readonly prompts: Prompts;
  /** Changes the server: another login, another balance, a new conversation. Nothing changes if it is this one. */
  moveTo(server: string): Promise<void>;
  /** The ID that resumes the conversation with all that was said; undefined where it isn't saved. */
  resumable(): string | undefined;
  /** The window got the focus: the balance is requested, at most once a minute. */
  focused(): void;
  /** The command that resumes the conversation, once it is saved. */
  wayBack(): string | undefined;
  form(event: FormEvent): void;
  note(tone: Tone, ...lines: Line[]): void;
  /** Resolves when no request is pending. */
  idle(): Promise<void>;
}
