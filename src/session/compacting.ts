import { splitSummary, summaryTurns, turnsIn } from "../client/conversations/summarized.ts";
import type { Turn } from "../protocol/bodies.ts";
import { MESSAGE_CHARACTERS } from "../protocol/limits.ts";
import { counted } from "../text/numbers.ts";
import type { Account } from "./account.ts";
import { sayCost, type Room } from "./room.ts";
import type { Saver } from "./saving.ts";
import { askingWords } from "./shown-command.ts";
import { createSumming, type Summed } from "./summing.ts";
import { joinRequest, partRequests } from "./summary-request.ts";

export interface Compacting {
  readonly lastData: number;
  /** What it would do and cost, in words; undefined where `run` says why nothing is done, or does it. */
  asks(words: string): string | undefined;
  /** Sums up the conversation. `words`: what matters most. Never rejects with a `ClientError`. */
  run(words: string): Promise<void>;
  stop(): void;
}

interface CompactingOptions {
  account: Pick<Account, "tryBalance" | "checkPrice" | "learnOffer">;
  saver: Pick<Saver, "unread" | "summarize">;
  load: <T>(work: () => Promise<T>) => Promise<T>;
  /** Runs a question, after which the queue is sent. */
  send: (question: () => Promise<void>) => void;
}

/** What is summed up, and by which questions. */
interface Plan {
  parts: string[];
  /** The most questions that are not paid yet, and their price; null if that is not known. */
  questions: number;
  price: number | null;
}

/** Replaces the turns of a conversation by a summary in what the AI is told (docs/session.md#summaries). */
export function createCompacting(room: Room, { account, saver, load, send }: CompactingOptions): Compacting {
  const { state, note, dispatch, now } = room;
  const summing = createSumming(room);
  /** The turns that were read for a conversation which is not sent whole. */
  let whole: { of: readonly Turn[]; turns: readonly Turn[] } | undefined;
  /** The words with which a price was said that `run` may charge. */
  let said: { of: readonly Turn[]; words: string; price: number | null } | undefined;

  const takesHistory = () => state().extensions?.has("history") === true;

  /** All turns since the last summary, with that; undefined if some of them were not read yet. */
  const allTurns = (): readonly Turn[] | undefined => {
    const { turns, earlier } = state();
    if (earlier === 0) return turns;
    return whole?.of === turns ? whole.turns : undefined;
  };

  /** Characters of a question to the model. */
  const mostOf = () => {
    const { limits } = state();
    return Math.min(limits?.message ?? MESSAGE_CHARACTERS, limits?.context ?? Infinity) * summing.share;
  };

  const planOf = (turns: readonly Turn[], words: string): Plan | undefined => {
    const parts = partRequests(turns, words, mostOf());
    if (parts === undefined) return undefined;
    const questions = parts.filter((part) => !summing.isPaid(part)).length + (parts.length > 1 ? 1 : 0);
    const { price } = state();
    return { parts, questions, price: questions === 0 ? 0 : price && price * questions };
  };

  /** Why nothing can be summed up. */
  const refusal = (plan: Plan | undefined): string | undefined => {
    const { turns, earlier, limits, tokens } = state();
    if (turns.length === 0) return "There is nothing to sum up yet.";
    if (splitSummary(turns).rest.length + earlier === 0) return "Nothing was said since the last summary.";
    if (limits?.context === 0) return "This model reads no earlier turns: there is nothing to sum up for it.";
    if (plan === undefined) return "This model takes too little text for a summary.";
    if (plan.price === null || tokens === null || plan.price <= tokens) return undefined;
    return `A summary costs ${counted(plan.price, "token")}, and ${counted(tokens, "token")} are left.`;
  };

  const wordsOf = ({ parts, questions, price }: Plan): string => {
    const { turns, earlier } = state();
    const what = `This sums up ${counted(earlier + turnsIn(turns), "turn")}`;
    if (questions === 1)
      return `${what}, for ${price === null ? "the price of a question" : counted(price, "token")}.`;
    const cost =
      price === null ? `the price of ${questions} questions` : `${counted(price, "token")} at most`;
    return `${what} in ${counted(parts.length, "part")} by up to ${counted(questions, "question")}, for ${cost}.`;
  };

  /** Asks for all summaries; undefined, and told, if one of them failed. */
  const sumUp = async ({ parts }: Plan, words: string, signal: AbortSignal): Promise<Summed | undefined> => {
    const summaries: string[] = [];
    let last: Summed | undefined;
    for (const [at, part] of parts.entries()) {
      last = await summing.sum(part, signal);
      if (last === undefined) return undefined;
      summaries.push(last.text);
      if (parts.length > 1) note("dim", [`part ${at + 1} of ${parts.length}`, "summed up"]);
    }
    const text = summaries.join("\n\n");
    const longest = (state().limits?.context ?? MESSAGE_CHARACTERS) / 2;
    const join = joinRequest(summaries, words);
    const isLong = summaries.length > 1 && text.length > longest / 2;
    if (isLong && join.length <= mostOf()) last = await summing.sum(join, signal);
    else if (last !== undefined) last = { ...last, text };
    if (last === undefined || last.text.length <= longest) return last;
    summing.forget();
    note("error", "The summary is too long to be of use.");
    return undefined;
  };

  let stopIt = new AbortController();
  const compact = async (plan: Plan, words: string) => {
    stopIt = new AbortController();
    const { signal } = stopIt;
    const { turns, earlier } = state();
    const standsFor = earlier + turnsIn(turns);
    const began = now();
    dispatch({ type: "compacting", at: began });
    summing.begin();
    let summed: Summed | undefined;
    try {
      summed = await sumUp(plan, words, signal);
      if (state().tokens === null) await account.tryBalance(signal);
      if (summed === undefined) {
        dispatch({ type: "queueStopped" });
        return note("warn", "The conversation is as it was.", ...summing.paidWords());
      }
      const { text, model } = summed;
      const isKept = await saver.summarize({ text, tokensDeducted: summing.paid, model });
      dispatch({ type: "compacted", turns: summaryTurns({ text, turns: standsFor }) });
      note("dim", ...text.trim().split("\n"));
      note(
        "dim",
        `The AI reads this instead of ${counted(standsFor, "turn")}${isKept ? "; they stay saved." : "."}`,
      );
      if (plan.questions === 1) await account.checkPrice(summing.paid, signal);
      sayCost(room, summing.paid, now() - began);
      summing.forget();
    } finally {
      dispatch({ type: "settled" });
    }
  };

  return {
    get lastData() {
      return summing.lastData;
    },
    asks(words) {
      const turns = allTurns();
      if (turns === undefined || !takesHistory() || state().phase.kind !== "idle") return undefined;
      const plan = planOf(turns, words);
      if (plan === undefined || plan.questions === 0 || refusal(plan) !== undefined) return undefined;
      const isSaid = said?.of === state().turns && said.words === words && said.price === plan.price;
      return isSaid ? undefined : wordsOf(plan);
    },
    async run(words) {
      const { turns: of } = state();
      let turns = allTurns();
      // Until then the price could not be said.
      const isNew = turns === undefined || !takesHistory();
      if (turns === undefined) {
        const unread = await load(() => saver.unread());
        if (unread === undefined) return;
        const { rest } = splitSummary(of);
        const summary = of.slice(0, of.length - rest.length);
        turns = [...summary, ...unread, ...rest];
        whole = { of, turns };
      }
      const plan = planOf(turns, words);
      let why = refusal(plan);
      if (why === undefined && !takesHistory()) {
        await load(() => account.learnOffer());
        if (!takesHistory()) why = "This server takes no history: there is nothing to sum up for it.";
      }
      if (why !== undefined || plan === undefined) return note("dim", why ?? "");
      if (!isNew || plan.questions === 0) {
        said = undefined;
        return send(() => compact(plan, words));
      }
      said = { of, words, price: plan.price };
      const typed = `/compact ${words}`.trim();
      note("warn", askingWords(wordsOf(plan), `${typed} again`));
      room.say({ type: "giveBack", text: typed });
    },
    stop: () => stopIt.abort(),
  };
}
