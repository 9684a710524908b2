import type { ServerResponse } from "node:http";
import type { DoneEvent } from "../../protocol/replies.ts";
import type { Problem } from "../../protocol/errors.ts";
import type { Entry } from "../core/bag.ts";
import type { Budget } from "./budget.ts";
import type { Pieces } from "../core/pieces.ts";
import { drained, endOfPiece, isBehind, Outgoing, PIECE, piecesOf, sendSlowly } from "./send.ts";
import type { Ticker, Ticking } from "./ticker.ts";

interface Options {
  /** Called once, right before the head is sent: the headers of the reply, names and values in turn. */
  finishHead: (replayed: boolean) => string[];
  /** Measures the silences of all streams. */
  ticker: Ticker;
  /** What is in memory for clients. */
  budget: Budget;
  /** Most bytes that may wait for a client that does not read, before the AI has to wait too. */
  unread?: number;
  /** Milliseconds without reading after which the connection is closed, during a replay and a `done`. */
  patience: number;
}

/**
 * A streamed answer (docs/http-api.md#streaming). The head is sent with the first delta or reasoning, or with the first
 * ping.
 */
export interface EventStream {
  /** The AI is being asked: from now on silence is filled with pings. */
  asking: (replayed: boolean) => void;
  /** Whether the head was sent, so that a failure must become an event. */
  started: () => boolean;
  /** Hands events with a part of the answer to the client's socket; false if the socket is gone. */
  events: (events: string, replayed: boolean) => boolean;
  /** The same for pieces of text, each an event. */
  deltas: (pieces: Pieces, replayed: boolean) => boolean;
  /** Sends events that are no part of the answer. After `asking`. */
  asides: (events: string) => void;
  /** The same for what the AI thinks. */
  reasoning: (text: string) => void;
  /**
   * Once much waits for the client, until it has read all of that: resolves when it has. A client that only reads a part
   * still makes the AI wait.
   */
  untilRead: () => Promise<void> | undefined;
  /** Sends a kept answer in deltas of at most 64 KiB, as fast as the client reads; false if the client is gone. */
  replay: (response: string) => Promise<boolean>;
  /** Sends the last events, as fast as the client reads, and ends the reply. `replayed`: nothing was sent before. */
  end: (events: string, replayed?: boolean) => Promise<void>;
  /** Sends the last event, as `end` does. */
  done: (event: DoneEvent) => Promise<void>;
  /** The same for a failure. */
  fail: (problem: Problem) => Promise<void>;
}

/** Ticks without any event before a ping: at first, and once the head was sent. The first tick may come at once. */
const FIRST_SILENCE = 10;
const SILENCE = 15;
const UNREAD = 1024 * 1024;

/** A comment, which clients ignore. */
const PING = ": ping\n\n";

/** See {@link EventStream}. Nobody else may write to `res`. */
export function createEventStream(res: ServerResponse, options: Options): EventStream {
  return new Stream(res, options);
}

/** A class, because a thousand streams are open at once: closures would take three times the memory. */
class Stream implements EventStream, Ticking {
  readonly #res: ServerResponse;
  readonly #options: Options;
  /** While silence is filled with pings. */
  #watch: Entry<Ticking> | undefined;
  #replayed = false;
  /** Ticks since the last event. */
  #quiet = 0;
  #hasDelta = false;
  /** Events of this tick. One write for all of them costs a fraction of one for each. If the client is behind, what waits. */
  #joined = "";
  /** While the client has not read what was written. Resolves when it has, or is gone. */
  #behind: Promise<void> | undefined;
  #outgoing: Outgoing | undefined;
  /** More than may wait was waiting, and the client has not read all of that yet. */
  #isFull = false;

  constructor(res: ServerResponse, options: Options) {
    this.#res = res;
    this.#options = options;
  }

  started(): boolean {
    return this.#res.headersSent;
  }

  asking(replayed: boolean): void {
    if (this.#isGone()) return;
    this.#replayed = replayed;
    this.#watch = this.#options.ticker.follow(this);
    this.#res.once("close", () => this.#unwatch());
  }

  deltas(pieces: Pieces, replayed: boolean): boolean {
    return this.events(deltasOf(pieces), replayed);
  }

  events(events: string, replayed: boolean): boolean {
    if (this.#isGone()) return false;
    if (this.#hasDelta) return this.#join(events);
    this.#hasDelta = true;
    this.#sendHead(replayed);
    this.#quiet = 0;
    // Before the write: Node queues the end of its own cork with it, and what is joined then leaves in the same packet.
    process.nextTick(sendJoined, this);
    // The first true says that the client's socket has the pieces: nothing may come in between.
    const end = endOfPiece(events, 0);
    this.#res.write(this.#takeJoined() + events.slice(0, end));
    this.#joined = events.slice(end);
    return true;
  }

  reasoning(text: string): void {
    this.asides(reasoningOf(text));
  }

  asides(events: string): void {
    if (this.#isGone()) return;
    this.#sendHead(this.#replayed);
    this.#join(events);
  }

  tick(): void {
    this.#quiet += 1;
    if (this.#quiet <= (this.#res.headersSent ? SILENCE : FIRST_SILENCE) || this.#isGone()) return;
    this.#quiet = 0;
    // It has enough to read.
    if (this.#behind) return;
    this.#sendHead(this.#replayed);
    this.#res.write(PING);
  }

  async replay(response: string): Promise<boolean> {
    if (this.#isGone()) return false;
    this.#sendHead(true);
    for (const text of piecesOf(response)) {
      if (!(await this.#sendSlowly(deltasOf(text)))) return false;
    }
    return true;
  }

  untilRead(): Promise<void> | undefined {
    if (this.#behind && !this.#isFull) {
      const waiting = Buffer.byteLength(this.#joined) + this.#res.writableLength;
      this.#outgoing?.left(waiting);
      this.#isFull = waiting > (this.#options.unread ?? UNREAD);
    }
    return this.#isFull ? this.#behind : undefined;
  }

  done(event: DoneEvent): Promise<void> {
    return this.end(eventOf("done", event));
  }

  fail(problem: Problem): Promise<void> {
    return this.end(eventOf("error", problem));
  }

  async end(events: string, replayed = false): Promise<void> {
    const res = this.#res;
    this.#unwatch();
    if (this.#behind) await this.#behind;
    if (!this.#isGone()) this.#sendHead(replayed);
    const text = this.#takeJoined() + events;
    if (text.length <= PIECE && !isBehind(res) && !this.#isGone()) res.end(text);
    else if (await this.#sendSlowly(text)) res.end();
  }

  #unwatch(): void {
    if (this.#watch) this.#options.ticker.leave(this.#watch);
    this.#watch = undefined;
  }

  #sendHead(replayed: boolean): void {
    if (this.#res.headersSent) return;
    const head = this.#options.finishHead(replayed);
    head.push("Content-Type", "text/event-stream; charset=utf-8", "X-Accel-Buffering", "no");
    this.#res.writeHead(200, head);
  }

  #isGone(): boolean {
    return this.#res.destroyed || !this.#res.socket?.writable;
  }

  /** Sends the text at the end of this tick, together with what else is joined until then. */
  #join(text: string): boolean {
    if (this.#joined === "") {
      this.#quiet = 0;
      process.nextTick(sendJoined, this);
    }
    this.#joined += text;
    return true;
  }

  #takeJoined(): string {
    const text = this.#joined;
    this.#joined = "";
    return text;
  }

  /** Called at the end of a tick. */
  sendJoined(): void {
    if (this.#behind || this.#joined === "" || this.#isGone()) return;
    if (this.#joined.length <= PIECE && !isBehind(this.#res)) this.#res.write(this.#takeJoined());
    else this.#behind = this.#catchUp();
  }

  /** Writes what is joined, now and later, as fast as the client reads. The first piece is written at once. */
  async #catchUp(): Promise<void> {
    const res = this.#res;
    const outgoing = (this.#outgoing = new Outgoing(res, this.#options.budget));
    while (!this.#isGone() && (this.#joined !== "" || isBehind(res))) {
      if (!isBehind(res)) {
        const end = endOfPiece(this.#joined, 0);
        res.write(this.#joined.slice(0, end));
        this.#joined = this.#joined.slice(end);
      }
      outgoing.left(this.#joined.length + res.writableLength);
      // Also if it reads fast: what follows may come in between.
      await (isBehind(res) ? drained(res) : undefined);
    }
    outgoing.leave();
    this.#behind = undefined;
    this.#isFull = false;
  }

  /** Writes as fast as the client reads; false if the client is gone. */
  async #sendSlowly(text: string): Promise<boolean> {
    const res = this.#res;
    const { socket } = res;
    if (this.#isGone() || !socket) return false;
    const { timeout = 0 } = socket;
    // The socket's timeout restarts whenever the client has read something.
    socket.setTimeout(this.#options.patience);
    const isSent = await sendSlowly(res, text, this.#options.budget);
    if (!socket.destroyed) socket.setTimeout(timeout);
    return isSent;
  }
}

const sendJoined = (stream: Stream) => stream.sendJoined();

const DELTA = 'event: delta\ndata: {"text":"';
const END = '"}\n\n';

/** What JSON escapes in a string. */
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Texts as `DeltaEvent`s. `JSON.stringify` for each takes longer than to look whether any needs it. */
function deltasOf(texts: Pieces): string {
  if (typeof texts === "string") return deltaOf(ESCAPED.test(texts) ? escaped(texts) : texts);
  if (ESCAPED.test(texts.join(""))) return texts.map((text) => deltaOf(escaped(text))).join("");
  return deltaOf(texts.join(END + DELTA));
}

const deltaOf = (text: string) => DELTA + text + END;
const escaped = (text: string) => JSON.stringify(text).slice(1, -1);

/** A `ReasoningEvent`. */
const reasoningOf = (text: string) => `event: reasoning\ndata: {"text":${JSON.stringify(text)}}\n\n`;

/** `JSON.stringify` escapes line breaks, so the data is one line. */
const eventOf = (event: string, data: object) => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
