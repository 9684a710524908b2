import { eventOf, eventsOf } from "../../core/completion-events.ts";
import type { RelayRequest, Relayed } from "../../core/relay.ts";
import { KeptText } from "../kept-text.ts";
import type { PassOn, Reception } from "../exchange.ts";
import { createDocumentReader, createEitherReader } from "../read-body.ts";
import { hasCall } from "../read-choice.ts";
import { createChunksReader, type ReaderNeeds } from "../read-stream.ts";
import { ReplyTooLong } from "../upstream-errors.ts";
import { withoutText } from "../without-text.ts";
import { buildDocument } from "./build-document.ts";

import { createChunkRelay, type RelayedChunk } from "./relayed-chunk.ts";

/** Most UTF-16 code units of a stream that are kept for its document. */
const LONGEST = 8 * 1024 * 1024;

/** Receives a completion as it is; with `onDelta` each event is passed on as it comes. */
export const receiveReply =
  (request: Omit<RelayRequest, "body" | "signal" | "untilRead">) => (passOn: PassOn) =>
    new Reply(request, passOn);

class Reply implements Reception<Relayed> {
  readonly #request: Omit<RelayRequest, "body" | "signal" | "untilRead">;
  readonly #passOn: PassOn;
  /** Events of a piece of the body that are not passed on yet. */
  #events = "";
  #eventsHaveContent = false;
  /** Text that is not blank, or a call of a tool. */
  #hasAnswer = false;
  #hasContent = false;
  #hasReasoning = false;
  #reason = "";
  #document: Record<string, unknown> | undefined;
  /** The chunks, a line each, if a document is to be made of them. */
  #chunks: KeptText | undefined;
  #finish = "";
  #usage = "";

  constructor(request: Omit<RelayRequest, "body" | "signal" | "untilRead">, passOn: PassOn) {
    this.#request = request;
    this.#passOn = passOn;
  }

  reader(needs: Pick<ReaderNeeds, "wait" | "patience">) {
    return createEitherReader({
      document: () =>
        createDocumentReader((document, { text, reasoning, reason }) => {
          this.#see(text, hasCall(document, "message"), reasoning !== "", reason);
          if (!this.#hasAnswer) return;
          this.#document = {
            ...document,
            ...(document.model !== undefined && { model: this.#request.name }),
          };
          if (!this.#request.onDelta) return;
          const { now, tail, usage } = eventsOf(this.#document);
          this.#finish = tail;
          this.#usage = usage;
          this.#passOn(now, this.#request.onDelta);
        }),
      stream: () => {
        if (this.#request.whole) this.#chunks = new KeptText();
        return createChunksReader({
          ...needs,
          read: createChunkRelay(this.#request.name),
          saysMore: ({ hasContent, hasReasoning }) => hasContent || hasReasoning,
          take: (chunk, data) => this.#take(chunk, data),
          pass: () => this.#pass(),
        });
      },
    });
  }

  hasText(): boolean {
    return this.#hasContent;
  }

  end(): Relayed {
    if (!this.#hasAnswer)
      throw withoutText(this.#reason === "tool_calls" ? "" : this.#reason, this.#hasReasoning);
    return { document: this.#wholeDocument(), tail: this.#finish, usage: this.#usage };
  }

  #see(text: string, hasCall: boolean, hasReasoning: boolean, reason: string): void {
    if (text !== "" || hasCall) this.#hasContent = true;
    if (!this.#hasAnswer) this.#hasAnswer = hasCall || text.trim() !== "";
    if (hasReasoning) this.#hasReasoning = true;
    if (reason !== "") this.#reason = reason;
  }

  #take(chunk: RelayedChunk, data: string): void {
    const { now, finish, usage, hasContent, text, hasReasoning, reason } = chunk;
    this.#see(text, chunk.hasCall, hasReasoning, reason);
    if (finish !== undefined) this.#finish = eventOf(finish);
    if (usage !== undefined) this.#usage = eventOf(usage);
    this.#keep(data);
    if (now === "" || !this.#request.onDelta) return;
    this.#events += eventOf(now);
    if (hasContent) this.#eventsHaveContent = true;
  }

  #pass(): void {
    if (this.#events === "") return;
    const { onDelta, onReasoning } = this.#request;
    const events = this.#events;
    const listener = this.#eventsHaveContent ? onDelta : onReasoning;
    this.#events = "";
    this.#eventsHaveContent = false;
    this.#passOn(events, listener);
  }

  /** A stream that is too long to be kept is only passed on. */
  #keep(data: string): void {
    if (!this.#chunks) return;
    if (this.#chunks.length + data.length <= LONGEST) {
      this.#chunks.add(`${data.replaceAll("\n", " ")}\n`);
      return;
    }
    if (!this.#request.onDelta) throw new ReplyTooLong("the answer", `${LONGEST} characters`);
    this.#chunks = undefined;
  }

  #wholeDocument(): string {
    if (this.#document) return JSON.stringify(this.#document);
    if (!this.#chunks) return "";
    const chunks = this.#chunks.whole().trimEnd().split("\n");
    const document = buildDocument(chunks.map((chunk) => JSON.parse(chunk) as Record<string, unknown>));
    return JSON.stringify({
      ...document,
      ...(document.model !== undefined && { model: this.#request.name }),
    });
  }
}
