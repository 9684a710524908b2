import { askAgain } from "../../client/ask-again.ts";
import { ClientError } from "../../client/client-error.ts";
import type { AnswerEvent, ApiClient } from "../../client/contract.ts";
import { historyFor } from "../../client/conversations/fitting-history.ts";
import type { Turn } from "../../protocol/bodies.ts";
import { failureLines, wantsLogin } from "./failure.ts";
import { passwordForm } from "./form.ts";
import { commas, costLine, counted } from "./money.ts";
import { sayCost, type Room } from "./room.ts";
import { settle } from "./settle.ts";
import type { State } from "./state.ts";

/** Longest that a question waits by itself for a server that asks for patience, in seconds. */
const LONGEST_WAIT = 90;

interface Again {
  /** The turns before it; the conversation's, where not given. */
  before?: readonly Turn[];
  /** Whether it keeps its key though the conversation has grown: after a stop, or after logging in. */
  again?: boolean;
  /** Whether the question stands in the transcript already. */
  shown?: boolean;
}

/** A question that waits for a login. */
export interface Waiting extends Again {
  message: string;
}

export interface Asking {
  readonly lastData: number;
  /** Never rejects with a `ClientError`: a failure is told. */
  ask(message: string, again?: Again): Promise<void>;
  stop(): void;
  /** The question that waits for a login, which it then no longer does. */
  takeWaiting(): Waiting | undefined;
}

/** Asks one question at a time and tells how it ends. */
export function createAsking(room: Room): Asking {
  const { say, dispatch, state, now } = room;
  let abort: AbortController | undefined;
  let lastData = 0;
  let heard = "";
  let waiting: Waiting | undefined;
  let toldNoHistory: ApiClient | undefined;

  const tellNoHistory = async (turns: number) => {
    const { client } = room;
    if (turns === 0 || toldNoHistory === client) return;
    const { extensions } = await client.offer();
    if (extensions.has("history") || toldNoHistory === client) return;
    toldNoHistory = client;
    room.note("dim", "This server takes no history: each question stands alone.");
  };

  const hear = (event: AnswerEvent) => {
    lastData = now();
    if (heard === "") dispatch({ type: "firstWords" });
    if (event.type === "delta") {
      heard += event.text;
      say({ type: "delta", text: event.text });
    } else if (heard === "" && event.response !== "") {
      heard = event.response;
      say({ type: "delta", text: event.response });
    }
  };

  const stopped = async () => {
    const { tokens: before, price, last } = state();
    dispatch({ type: "stopping", text: heard, at: now() });
    const { cost, tokens } = await settle({ client: room.client, before, price, sleep: room.sleep, now });
    if (tokens !== null) dispatch({ type: "balance", tokens });
    room.note("dim", stoppedLine(cost, state(), room.dot));
    await room.keep(heard, true, cost);
    dispatch({ type: "settled" });
    if (heard === "" && last !== undefined) say({ type: "giveBack", text: last.message });
  };

  const failed = async (error: ClientError, question: Waiting) => {
    dispatch({ type: "failed", text: heard });
    if (wantsLogin(error)) {
      waiting = { ...question, again: true, shown: true };
      const reason = "Your login is no longer valid. Log in, and the question is sent.";
      return dispatch({ type: "form", form: passwordForm(state().username, reason) });
    }
    const { extensions } = await room.client.offer();
    const idempotent = extensions.has("idempotency");
    const { username, price } = state();
    room.note("error", ...failureLines(error, { ...room, username, price, idempotent }));
    say({ type: "giveBack", text: question.message });
    const tokens = error.balance?.tokens ?? null;
    if (tokens !== null) dispatch({ type: "balance", tokens });
    else if (error.charged === "maybe") await room.tryBalance();
  };

  const answered = async (event: { tokensDeducted: number | null; tokens: number | null }) => {
    const { tokensDeducted: cost, tokens } = event;
    await room.keep(heard, false, cost);
    dispatch({ type: "answered", text: heard, cost, tokens });
    if (state().tokens === null) await room.tryBalance();
    sayCost(room, cost);
  };

  const follow = async (message: string, before: readonly Turn[], key: string, signal: AbortSignal) => {
    const question = { message, history: historyFor(before, message), key, signal };
    const onWait = (seconds: number, reason: ClientError) =>
      dispatch({ type: "waiting", until: now() + seconds * 1000, reason: reason.message });
    let done: Extract<AnswerEvent, { type: "done" }> | undefined;
    for await (const event of askAgain(room.client, question, {
      sleep: room.sleep,
      onWait,
      maxWait: LONGEST_WAIT,
    })) {
      if (event.type === "done") done = event;
      hear(event);
    }
    if (done === undefined)
      throw new ClientError("bad_reply", "The answer has no end.", { charged: "maybe" });
    return done;
  };

  return {
    get lastData() {
      return lastData;
    },
    async ask(message, { before = placeOf(state()), again = false, shown = false } = {}) {
      const key = keyFor(state(), message, before, again) ?? room.newKey();
      const stop = new AbortController();
      abort = stop;
      heard = "";
      lastData = now();
      if (!shown) say({ type: "question", text: message });
      dispatch({ type: "asked", message, before, key, at: lastData });
      try {
        void tellNoHistory(before.length);
        const done = await follow(message, before, key, stop.signal);
        say({ type: "end" });
        await answered(done);
      } catch (error) {
        say({ type: "end" });
        if (stop.signal.aborted) return await stopped();
        const failure = error instanceof ClientError ? error : internal(error);
        await failed(failure, { message, before });
      } finally {
        if (abort === stop) abort = undefined;
      }
    },
    stop: () => abort?.abort(),
    takeWaiting() {
      const taken = waiting;
      waiting = undefined;
      return taken;
    },
  };
}

/** The turns before a new question; an edited one takes the place of the last. */
function placeOf({ editing, last, turns }: State): readonly Turn[] {
  return editing && last !== undefined ? last.before : turns;
}

/** The last question's key, while message and history are unchanged and it wasn't answered (CLI.md §4). */
function keyFor(
  { last }: State,
  message: string,
  before: readonly Turn[],
  again: boolean,
): string | undefined {
  if (last === undefined || last.message !== message || last.outcome === "answered") return undefined;
  return last.before === before || (again && last.before.length === before.length) ? last.key : undefined;
}

function stoppedLine(cost: number | null, { tokens, price }: State, dot: string): string {
  if (cost !== null) return `stopped ${dot} ${costLine(cost, tokens, dot)}`;
  const most = price === null ? "a question" : commas(price);
  const left = tokens === null ? "" : ` ${dot} ${counted(tokens, "token")} left`;
  return `stopped ${dot} may have cost ${most}${left}`;
}

/** A fault of ours must not end the conversation; its words may hold anything, so they aren't shown. */
function internal(cause: unknown): ClientError {
  return new ClientError("internal", "Something in this program went wrong.", { charged: "maybe", cause });
}
