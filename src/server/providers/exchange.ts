import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import type { Provider } from "../core/ports.ts";
import { createAnswerText, type AnswerText } from "./answer-text.ts";
import { createBodyReader, type BodyReader } from "./read-body.ts";
import { finishOf } from "./finish.ts";
import { createFailureReader } from "./read-failure.ts";
import type { Patience } from "./read-stream.ts";
import { createSilenceTimer } from "./silence-timer.ts";
import { createUnpacker } from "./unpacker.ts";
import { Failed, IdleTooLong, NoReply } from "./upstream-errors.ts";
import type { Upstream } from "./upstream.ts";
import { withoutText } from "./without-text.ts";

type Question = Parameters<Provider["answer"]>[0];

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
 * Sends one question and reads its answer; with `onDelta` each text is passed on in the moment in which its bytes come. Rejects
 * with {@link Failed}, with what `onDelta` throws, or with the signal's reason.
 */
export function exchange(
  upstream: Upstream,
  body: string | Buffer,
  { signal, onDelta, onReasoning, untilRead, onFinish }: Question,
  silences: Silences,
): Promise<string> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const handler = new Exchange({
      upstream,
      signal,
      onDelta,
      onReasoning,
      untilRead,
      onFinish,
      silences,
      resolve,
      reject,
    });
    signal.addEventListener("abort", () => handler.fail(signal.reason));
    try {
      handler.way = upstream.post(body, handler);
    } catch (error) {
      handler.fail(new NoReply(error));
    }
  });
}

interface Needs extends Omit<Question, "messages"> {
  upstream: Upstream;
  silences: Silences;
  resolve: (answer: string) => void;
  reject: (error: unknown) => void;
}

/** What undici calls while a question is sent and its reply comes. Settles once, and ignores what comes later. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Where the question was sent. */
  way: Dispatcher | undefined;
  readonly #needs: Needs;
  readonly #answer: AnswerText;
  readonly #silence = createSilenceTimer(() => this.#onSilence());
  #controller: Dispatcher.DispatchController | undefined;
  #reader: BodyReader | undefined;
  /** The last `finish_reason`. */
  #reason = "";
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

  constructor(needs: Needs) {
    this.#needs = needs;
    const { onDelta, onReasoning } = needs;
    this.#answer = createAnswerText({
      onTexts: (pieces) => this.#passOn(pieces, onDelta),
      onReasoning: (piece) => this.#passOn(piece, onReasoning),
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isUsed = this.#needs.upstream.startsOnUsed();
    if (this.#settled) this.#hangUp();
  }

  onResponseStarted(): void {
    this.#hasBegun = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.#settled) return;
    this.#live();
    this.#reader =
      status < 300
        ? createBodyReader({
            onTexts: (texts) => this.#answer.add(texts),
            onReasoning: (text) => this.#answer.addReasoning(text),
            onReason: (reason) => {
              if (this.#reason !== "tool_calls") this.#reason = reason;
            },
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
    const failed = new Failed(error, this.#answer.hasText(), isStale ? this.way : undefined);
    this.#reject(signal.aborted ? signal.reason : failed);
  }

  /** `read` returns true once the answer is whole; so does this. */
  #read(read: (reader: BodyReader) => boolean): boolean {
    if (this.#settled) return false;
    try {
      if (!read(this.#reader!)) return false;
      const answer = this.#answer.end();
      if (answer === "") throw withoutText(this.#reason, this.#answer.hasReasoning());
      this.#settled = true;
      const finish = finishOf(this.#reason);
      if (finish) this.#needs.onFinish?.(finish);
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
