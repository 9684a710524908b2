import { randomUUID } from "node:crypto";
import { askAgain } from "../../../client/http/ask-again.ts";
import type { ClientError } from "../../../client/failure.ts";
import type { AnswerEvent, ApiClient } from "../../../client/http/contract.ts";
import type { AnswerWriter } from "../../io/answer-writer.ts";
import type { Call } from "../../argv/call.ts";
import { grouped } from "../../../text/numbers.ts";
import { ClosedPipe } from "../../io/output.ts";
import { startSpinner, type Spinner } from "../../io/spinner.ts";
import { isAscii } from "../../io/terminal.ts";
import type { Thread } from "./thread.ts";

type Done = Extract<AnswerEvent, { type: "done" }>;

function spinnerFor({ output, env }: Call): Spinner | undefined {
  const { stdout, stderr, json, quiet } = output;
  const drawn = stdout.isTTY && stderr.isTTY && !json && !quiet && env.TERM !== "dumb";
  return drawn ? startSpinner(stderr, { ascii: isAscii(env) }) : undefined;
}

/** What it cost and what is left, for a person who looks on. */
function cost({ output, env }: Call, { tokensDeducted, tokens }: Done): void {
  if (!output.stderr.isTTY) return;
  const parts = [
    tokensDeducted === null ? "" : `${grouped(tokensDeducted)} tokens`,
    tokens === null ? "" : `${grouped(tokens)} left`,
  ].filter((part) => part !== "");
  if (parts.length > 0) output.note(parts.join(isAscii(env) ? " - " : " · "));
}

/** Appends the turn to its conversation, where there is one; what couldn't be done is to be said when it is over. */
function createKeeper(
  call: Call,
  thread: Thread | undefined,
  question: string,
  model: () => Promise<string | null>,
) {
  let outcome: { id: string | null; words: string | undefined } | undefined;
  const { name } = call.program;
  return {
    /** The ID of the conversation that holds the turn; null where none does: for a program that is the only sign. */
    get id(): string | null {
      return outcome?.id ?? null;
    },
    /** Once: whatever comes after the end of an answer doesn't change how it ended. */
    async keep(answer: string, how: { stopped: boolean; tokensDeducted: number | null }): Promise<void> {
      if (thread === undefined || outcome !== undefined) return;
      outcome = { id: null, words: undefined };
      if (answer === "") return;
      const { id, isNew } = thread;
      const kept = await thread.keep({ question, answer, ...how, model: await model() });
      const begun = isNew ? `Saved as ${id}; to go on: ${name} ask -r ${id} "…"` : undefined;
      outcome = kept.kept ? { id, words: begun } : { id: null, words: kept.why };
    },
    tell: () => {
      if (outcome?.words !== undefined) call.output.note(outcome.words);
    },
  };
}

interface Conversing {
  client: ApiClient;
  writer: AnswerWriter;
  /** The saved conversation that the question belongs to, where there is one. */
  thread: Thread | undefined;
}

/**
 * One question with its repeats, from the first byte to the last. Its turn is kept when it ends: answered, or stopped
 * by a signal or by the reader of stdout; not when it fails. Ends the line also when the answer breaks off.
 */
export async function converse(
  call: Call,
  message: string,
  { client, writer, thread }: Conversing,
): Promise<void> {
  const { output, signal } = call;
  const history = (await thread?.history(message)) ?? [];
  let spinner = spinnerFor(call);
  const settle = () => {
    spinner?.stop();
    spinner = undefined;
  };
  let isAlone = history.length === 0;
  const onHistoryKept = () => {
    if (isAlone) return;
    isAlone = true;
    settle();
    output.note("This server takes no history: the question stands alone.");
  };
  const onWait = (seconds: number, { message: reason }: ClientError) => {
    settle();
    output.note(`Trying again in ${grouped(Math.ceil(seconds))} s: ${reason}`);
  };
  // Of a server that was asked what it offers, and of no other (CLI.md §3).
  const model = async () => (isAlone ? null : (await client.offer()).model);
  const keeper = createKeeper(call, thread, message, model);
  const question = { message, history, onHistoryKept, key: randomUUID(), signal };
  let heard = "";
  try {
    for await (const event of askAgain(client, question, { onWait })) {
      settle();
      if (event.type === "delta") {
        heard += event.text;
        await writer.delta(event.text);
        continue;
      }
      const { response, tokensDeducted } = event;
      await keeper.keep(heard === "" ? response : heard, { stopped: false, tokensDeducted });
      await writer.done(event, keeper.id);
      cost(call, event);
    }
  } catch (error) {
    settle();
    if (signal.aborted || error instanceof ClosedPipe)
      await keeper.keep(heard, { stopped: true, tokensDeducted: null });
    if (!(error instanceof ClosedPipe)) await writer.broken();
    throw error;
  } finally {
    keeper.tell();
  }
}
