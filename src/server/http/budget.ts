import type { Room } from "../core/answers.ts";
import { ApiError } from "../core/api-error.ts";
import type { Entry } from "../core/bag.ts";
import { createTicker, type Ticking } from "./ticker.ts";

/** Bytes of a body, or of a repeated answer, for which there is always room. */
export const SMALL = 64 * 1024;

/** Fewer bytes than this are no progress. */
const PROGRESS = 16 * 1024;

/** Seconds without progress after which something may be cut to make room. */
const STALLED = 5;

/** Bodies without a valid token get at most this part of the budget, and so do kept answers. */
const PART = 1 / 4;

export const noRoom = () =>
  new ApiError("overloaded", "The server has no room for this request now. Try again in a moment.", {
    retryAfter: 1,
  });

/** What waits for its client: a body that is being read, or an answer that is being sent. */
export abstract class Waiting implements Ticking {
  /** Bytes that it holds in memory. */
  bytes = 0;
  /** Seconds without progress. */
  stalled = 0;
  #recent = 0;

  /** A body of a request without a valid token. */
  abstract readonly isStranger: boolean;
  /** Ends it. Its bytes must be given back before this returns. */
  abstract cut(): void;
  abstract tick(): void;

  /** Counts bytes that came from the client, or went to it. */
  moved(bytes: number): void {
    this.#recent += bytes;
    if (this.#recent < PROGRESS) return;
    this.#recent = 0;
    this.stalled = 0;
  }
}

/**
 * The one count of what is in memory for clients: request bodies, answers that they have not read, and kept answers, one copy
 * of each (docs/server.md#memory). If it is short, what has been stalled longest is cut.
 */
export class Budget {
  /** Bytes. */
  most: number;
  #taken = 0;
  #strangers = 0;
  readonly #waiting = createTicker<Waiting>();

  constructor(most: number) {
    this.most = most;
  }

  /** Bytes in memory now. */
  get taken(): number {
    return this.#taken;
  }

  /** Calls its `tick` each second, and may cut it. To be ended with `leave`. */
  follow(one: Waiting): Entry<Waiting> {
    return this.#waiting.follow(one);
  }

  leave(entry: Entry<Waiting>): void {
    this.#waiting.leave(entry);
  }

  /** Counts more bytes of it, or fewer. False if there is no room, also after others were cut. */
  grow(one: Waiting, bytes: number): boolean {
    one.bytes += bytes;
    this.#taken += bytes;
    if (one.isStranger) this.#strangers += bytes;
    return bytes <= 0 || one.bytes <= SMALL || !this.#isOver(one.isStranger) || this.#makeRoom(one);
  }

  /** Its bytes are those of a request whose body is whole: `give` gives them back. */
  settle(one: Waiting): void {
    if (one.isStranger) this.#strangers -= one.bytes;
  }

  /** Counts the bytes of a whole body of at most {@link SMALL}. */
  add(bytes: number): void {
    this.#taken += bytes;
  }

  /** Counts bytes that nobody waits for. False, and nothing is counted, if there is no room, also after others were cut. */
  take(bytes: number): boolean {
    this.#taken += bytes;
    if (!this.#isOver(false) || this.#makeRoom()) return true;
    this.#taken -= bytes;
    return false;
  }

  /** Whether there is room for an answer that may as well be sent later, also after others were cut. */
  hasRoom(bytes: number): boolean {
    if (bytes <= SMALL) return true;
    const has = this.take(bytes);
    if (has) this.give(bytes);
    return has;
  }

  /** Gives back what was added, taken or settled. */
  give(bytes: number): void {
    this.#taken -= bytes;
  }

  /** Room for kept answers. */
  roomForAnswers(): Room {
    const most = () => this.most * PART;
    let kept = 0;
    return {
      get most() {
        return most();
      },
      take: (bytes) => {
        if (kept + bytes > most() || !this.take(bytes)) return false;
        kept += bytes;
        return true;
      },
      give: (bytes) => {
        kept -= bytes;
        this.give(bytes);
      },
    };
  }

  #isOver(isStranger: boolean): boolean {
    return this.#taken > this.most || (isStranger && this.#strangers > this.most * PART);
  }

  /** Cuts what has been stalled longest until there is room for `one`. */
  #makeRoom(one?: Waiting): boolean {
    const isStranger = one?.isStranger === true;
    const stalled = this.#waiting.followed().filter((other) => other.stalled >= STALLED && other !== one);
    for (const other of stalled.sort((a, b) => b.stalled - a.stalled)) {
      // If only the part of strangers is used up, others need not go.
      if (this.#taken > this.most || other.isStranger) other.cut();
      if (!this.#isOver(isStranger)) return true;
    }
    return false;
  }
}
