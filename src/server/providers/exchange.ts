import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Provider } from "../core/provider.ts";
import type { BodyReader } from "./read-stream.ts";
import { createFailureReader } from "./read-failure.ts";
import type { Patience, ReaderNeeds } from "./read-stream.ts";
import { createSilenceTimer } from "./silence-timer.ts";
import { createUnpacker } from "./unpacker.ts";
import { Failed, IdleTooLong, NoReply } from "./upstream-errors.ts";
import type { Upstream } from "./upstream.ts";

type Question = Pick<Parameters<Provider["answer"]>[0], "signal" | "untilRead">;

/** Calls a listener; what it throws is a bug of its own, not a failure of the upstream. */
export type PassOn = <Passed>(passed: Passed, listener: ((passed: Passed) => void) | undefined) => void;

/** What becomes of a reply. */
export interface Reception<Result> {
  /** Reads the body of a reply that is no failure. */
  reader(needs: Pick<ReaderNeeds, "wait" | "patience">): BodyReader;
  /** What was read, once its reader says that it is whole. Throws NotWhole for an answer without text. */
  end(): Result;
  /** Whether any of an answer has come. */
  hasText(): boolean;
}

/** How long the rest of a body may take after its answer was whole, in milliseconds. */
const REST_MS = 1000;

/** How long an upstream may be silent. */
export interface Silences {
  /** Milliseconds between two pieces of a reply, until its answer has a `finish_reason`. */
  idle: number;
  /** From then on. */
  patience: Patience | undefined;
}

/**
 * Sends one question and reads its answer; each part is passed on in the moment in which its bytes come. Rejects with
 * {@link Failed}, with what a listener throws, or with the signal's reason.
 */
export function exchange<Result>(
  upstream: Upstream,
  body: string | Buffer,
  { signal, untilRead }: Question,
  silences: Silences,
  receive: (passOn: PassOn) => Reception<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const handler = new Exchange({ upstream, signal, untilRead, silences, receive, resolve, reject });
    signal.addEventListener("abort", () => handler.fail(signal.reason));
    try {
      handler.way = upstream.post(body, handler);
    } catch (error) {
      handler.fail(new NoReply(error));
    }
  });
}

interface Needs<Result> extends Question {
  upstream: Upstream;
  silences: Silences;
  receive: (passOn: PassOn) => Reception<Result>;
  resolve: (answer: Result) => void;
  reject: (error: unknown) => void;
}

/** What undici calls while a question is sent and its reply comes. Settles once, and ignores what comes later. */
class Exchange<Result> implements Dispatcher.DispatchHandler {
  /** Where the question was sent. */
  way: Dispatcher | undefined;
  readonly #needs: Needs<Result>;
  readonly #reception: Reception<Result>;
  readonly #silence = createSilenceTimer(() => this.#onSilence());
  #controller: Dispatcher.DispatchController | undefined;
  #reader: BodyReader | undefined;
  #unpacker: ReturnType<typeof createUnpacker>;
  #isUsed = false;
  #hasBegun = false;
  /** A `finish_reason` came: from now on silence means that the answer is whole. */
  #isFinished = false;
  #settled = false;
  /** The client has not read what it got: no more is read until it has, and silence does not count. */
  #isPaused = false;
  /** The time that the silence timer has now. */
  #silent = 0;

  constructor(needs: Needs<Result>) {
    this.#needs = needs;
    this.#reception = needs.receive((passed, listener) => this.#passOn(passed, listener));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isUsed = this.#needs.upstream.startsOnUsed();
    if (this.#settled) this.#hangUp();
  }

  onResponseStarted(): void {
    this.#hasBegun = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // Nobody reads the raw headers. Until the answer ends, they would keep the packet of its head in memory.
    controller.rawHeaders = null;
    if (status < 200 || this.#settled) return;
    this.#live();
    this.#reader =
      status < 300
        ? this.#reception.reader({
            wait: (milliseconds) => this.#wait(milliseconds),
            patience: this.#needs.silences.patience,
          })
        : createFailureReader(status, headers);
    this.#unpacker = createUnpacker(headers["content-encoding"]);
    this.#unpacker
      ?.on("data", (piece: Buffer) => this.#take(piece))
      .on("end", () => this.#end())
      .on("error", (error) => this.#break(error));
  }

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    this.#live();
    if (this.#unpacker) this.#unpacker.write(piece);
    else this.#take(piece);
  }

  onResponseEnd(): void {
    if (this.#unpacker) this.#unpacker.end();
    else this.#end();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (!this.#reader) this.fail(new NoReply(error));
    // It ends with an error if it has not got the whole body.
    else if (this.#unpacker) this.#unpacker.end();
    else this.#break(error);
  }

  /** Something of the reply came. */
  #live(): void {
    if (!this.#isFinished && !this.#settled) this.#restart(this.#needs.silences.idle);
  }

  #wait(milliseconds: number): void {
    this.#isFinished = true;
    this.#restart(milliseconds);
  }

  #restart(milliseconds: number): void {
    this.#silent = milliseconds;
    if (!this.#isPaused) this.#silence.restart(milliseconds);
  }

  #pause(until: Promise<void>): void {
    this.#isPaused = true;
    this.#silence.stop();
    this.#controller?.pause();
    this.#unpacker?.pause();
    void until.then(() => this.#resume());
  }

  #resume(): void {
    this.#isPaused = false;
    if (this.#settled) return;
    this.#silence.restart(this.#silent);
    this.#unpacker?.resume();
    this.#controller?.resume();
  }

  #onSilence(): void {
    if (!this.#isFinished) return this.fail(new IdleTooLong(this.#needs.silences.idle));
    this.#read(isWhole);
    this.#hangUp();
  }

  #take(piece: Buffer): void {
    if (this.#read((reader) => reader.push(piece))) return this.#wait(REST_MS);
    const until = this.#settled || this.#isPaused ? undefined : this.#needs.untilRead?.();
    if (until) this.#pause(until);
  }

  #end(): void {
    this.#silence.stop();
    this.#read((reader) => {
      reader.end();
      return true;
    });
  }

  #break(error: Error): void {
    this.#silence.stop();
    this.#read((reader) => {
      reader.broke(error);
      return true;
    });
  }

  /** Rejects, and closes the connection. */
  fail(error: unknown): void {
    const { signal } = this.#needs;
    const isStale = this.#isUsed && !this.#hasBegun && error instanceof NoReply && error.mayBeStale;
    const failed = new Failed(error, this.#reception.hasText(), isStale ? this.way : undefined);
    this.#reject(signal.aborted ? signal.reason : failed);
  }

  /** `read` returns true once the answer is whole; so does this. */
  #read(read: (reader: BodyReader) => boolean): boolean {
    if (this.#settled) return false;
    try {
      if (!read(this.#reader!)) return false;
      const answer = this.#reception.end();
      this.#settled = true;
      this.#needs.resolve(answer);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  #passOn<Passed>(passed: Passed, listener: ((passed: Passed) => void) | undefined): void {
    const { signal } = this.#needs;
    try {
      listener?.(passed);
    } catch (error) {
      // A bug of the listener, not a failure of the upstream.
      this.#reject(error);
      throw error;
    }
    // The listener was the reason to abort.
    if (this.#settled) throw signal.reason;
  }

  #reject(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#needs.reject(error);
    this.#hangUp();
  }

  #hangUp(): void {
    this.#silence.stop();
    this.#unpacker?.destroy();
    this.#controller?.abort(new Error("no more of the reply is wanted"));
  }
}

const isWhole = () => true;
