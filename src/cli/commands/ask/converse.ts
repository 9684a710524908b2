import { randomUUID } from "node:crypto";
import { ClientError } from "../../../client/failure.ts";
import type { AnswerEvent, ApiClient, Offer } from "../../../client/http/contract.ts";
import type { AnswerWriter } from "../../io/answer-writer.ts";
import type { Call } from "../../argv/call.ts";
import { typedCommand } from "../../connection/chosen-server.ts";
import { IMAGES } from "../../../protocol/limits.ts";
import { cutWords } from "../../../protocol/cut-words.ts";
import { grouped } from "../../../text/numbers.ts";
import { shellWord } from "../../../text/shell-word.ts";
import { ClosedPipe } from "../../io/output.ts";
import { startSpinner, type Spinner } from "../../io/spinner.ts";
import { isAscii } from "../../io/terminal.ts";
import { exchange } from "../../../session/exchange.ts";
import { forgottenWords, unpinned } from "../../../session/context.ts";
import {
  choiceIn,
  isRequired,
  leftOutWords,
  nameFor,
  offeredBy,
  type ModelChoice,
} from "../../../session/model.ts";
import { carriedRole, leftOutRoleWords } from "../../../session/role.ts";
import type { AskedRole } from "./thread.ts";
import { carried, refusedCount } from "../../../session/sent-images.ts";
import type { Thread } from "../../../session/thread.ts";
import type { AskedQuestion } from "./question.ts";

type Done = Extract<AnswerEvent, { type: "done" }>;

function spinnerFor({ output, env }: Call): Spinner | undefined {
  const { stdout, stderr, json, quiet } = output;
  const drawn = stdout.isTTY && stderr.isTTY && !json && !quiet && env.TERM !== "dumb";
  return drawn ? startSpinner(stderr, { ascii: isAscii(env) }) : undefined;
}

/** Prints the cost and the balance, if stderr is a terminal. */
function cost({ output, env }: Call, { tokensDeducted, tokens }: Done): void {
  if (!output.stderr.isTTY) return;
  const parts = [
    tokensDeducted === null ? "" : `${grouped(tokensDeducted)} tokens`,
    tokens === null ? "" : `${grouped(tokens)} left`,
  ].filter((part) => part !== "");
  if (parts.length > 0) output.note(parts.join(isAscii(env) ? " - " : " · "));
}

interface Conversing {
  client: ApiClient;
  writer: AnswerWriter;
  thread: Thread | undefined;
  /** The model without a conversation. */
  model: ModelChoice | undefined;
  /** The role without a conversation, or instead of that of the conversation. */
  role: AskedRole;
}

/** What the server offers. Throws if it takes no such question, because of its images. */
async function offerFor(
  call: Call,
  images: number,
  { client, choice }: { client: ApiClient; choice: ModelChoice | undefined },
): Promise<Offer> {
  const { signal } = call;
  const refusal = ({ models, extensions }: Offer) => refusedCount({ models, choice, extensions }, images);
  let offer = await client.offer(signal);
  if (refusal(offer) === undefined) return offer;
  // What was learned hours ago is asked again before it fails.
  await client.models(signal).catch(() => undefined);
  offer = await client.offer(signal);
  const refused = refusal(offer);
  if (refused === undefined) return offer;
  const [other] = refused.others;
  const isUsage = images > IMAGES.most || offer.extensions.has("images");
  throw new ClientError(isUsage ? "usage" : "not_offered", refused.why, {
    hint:
      other === undefined
        ? "Nothing was sent. Leave images out."
        : `Nothing was sent. Ask one that does, such as: ${typedCommand(call, `ask -m ${shellWord(other)}`)}`,
  });
}

/**
 * Asks a question, with retries. The turn is saved if it was answered, or stopped by a signal or by closing stdout; not
 * if it failed. A started line is ended even after a failure.
 */
export async function converse(
  call: Call,
  { message, images }: AskedQuestion,
  { client, writer, thread, model: usual, role: asking }: Conversing,
): Promise<void> {
  const { output, signal } = call;
  const { name } = call.program;
  const before = await thread?.state();
  const choice = choiceIn(usual, before?.asked);
  const isNew = before === undefined || before.turns === 0;
  // What the server offers is asked for only where it is needed (docs/cli.md#server-information).
  const role = isNew || asking?.isAsked === true ? asking?.role : before.role;
  const { instructions, pinned, told } = await carriedRole(role, client, signal);
  if (told !== undefined) output.note(told);
  const offer =
    isNew && images.length === 0 ? undefined : await offerFor(call, images.length, { client, choice });
  const limits = offer && offeredBy({ choice, models: offer.models, offered: offer }).limits;
  const wanted = message + (instructions ?? "");
  const history = (await thread?.history(wanted, limits, pinned)) ?? [...pinned];
  let spinner = spinnerFor(call);
  const settle = () => {
    spinner?.stop();
    spinner = undefined;
  };
  let isToldOfRole = false;
  let isAlone = history.length === 0;
  let sent: number | undefined = history.length;
  const onHistoryKept = () => {
    sent = undefined;
    if (isAlone) return;
    isAlone = true;
    settle();
    output.note("This server takes no history: the question is sent without the earlier turns.");
  };
  let asked = nameFor(choice, isAlone ? [] : (offer?.models ?? []));
  const onModelLeftOut = () => {
    settle();
    if (asked !== undefined) output.note(leftOutWords(asked));
    asked = undefined;
  };
  const question = {
    message,
    ...(images.length > 0 ? { images: images.map(carried) } : {}),
    history,
    onHistoryKept,
    model: asked,
    ...(instructions === undefined ? {} : { instructions }),
    onInstructionsLeftOut() {
      if (isToldOfRole || role === undefined) return;
      isToldOfRole = true;
      settle();
      output.note(leftOutRoleWords(role));
    },
    ...(isRequired(choice) ? {} : { onModelLeftOut }),
    key: randomUUID(),
    signal,
  };
  const fork = await thread?.claim();
  if (fork !== undefined)
    output.note(`Another session has gone on with that conversation: this is a fork of it, ${fork.id}.`);
  const ended = await exchange(client, question, {
    show: (text) => writer.delta(text),
    onData: settle,
    onWait(seconds, { message: reason }) {
      settle();
      output.note(`Trying again in ${grouped(Math.ceil(seconds))} s: ${reason}`);
    },
  });
  settle();

  let words: string | undefined;
  /** Saves the turn. Returns the conversation's ID, or null if the turn was not saved. */
  const keep = async (stopped: boolean, tokensDeducted: number | null): Promise<string | null> => {
    const { text: answer } = ended;
    const told = ended.kind === "answered" ? ended.done.model : undefined;
    const offered = async () => (isAlone ? null : (await client.offer()).model);
    const model = async () => told ?? offered();
    if (thread !== undefined && told !== undefined)
      asked ??= nameFor(undefined, (await client.offer()).models);
    const finish = ended.kind === "answered" ? ended.done.finish : undefined;
    const turn = { question: message, answer, stopped, tokensDeducted, model, asked, finish, images };
    const kept = await thread?.keep(turn);
    if (thread === undefined || kept === undefined) return null;
    const { id, isNew } = thread;
    if (!kept.kept) words = kept.why;
    else if (kept.lostImages !== undefined) words = `The images aren't kept: ${kept.lostImages}`;
    else if (isNew) words = `Saved as ${id}; to go on: ${name} ask -r ${id} "…"`;
    return kept.kept ? id : null;
  };
  try {
    if (ended.kind === "answered") {
      const { done } = ended;
      await writer.done(done, await keep(false, done.tokensDeducted));
      const cut = cutWords(done.finish);
      if (cut !== undefined) output.note(`The answer is ${cut}.`);
      const turnsSent = unpinned(done.turnsSent ?? sent, history.length - pinned.length);
      const lost = turnsSent === undefined ? 0 : (thread?.forgotten(before?.turns ?? 0, turnsSent) ?? 0);
      if (lost > 0) output.note(forgottenWords(lost));
      cost(call, done);
      return;
    }
    if (ended.kind === "stopped") await keep(true, null);
    else await thread?.drop();
    throw ended.error;
  } catch (error) {
    if (!(error instanceof ClosedPipe)) await writer.broken();
    throw error;
  } finally {
    if (words !== undefined) output.note(words);
  }
}
