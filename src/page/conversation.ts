import type { Turn } from "../protocol/bodies.ts";
import { firstFitting, type ChatLimits } from "../protocol/chat-limits.ts";
import type { Question } from "./answer.ts";

interface Exchange {
  question: string;
  answer: string;
}

/** A conversation: its exchanges, and the question that is asked or failed. */
export interface Conversation {
  /**
   * The question with its history. It has the key of the last one if that one failed or was stopped, and is the same: then it is
   * not charged twice.
   */
  question(message: string, model: { name: string; limits: ChatLimits }): Question;
  /** The last question has this answer. */
  answered(answer: string): void;
  /** The last question has this part of an answer, because the user stopped it. */
  stopped(answer: string): void;
  /** The stopped question, to be asked again under its key; its part of an answer is forgotten. */
  again(): Question | undefined;
  /** The key of the last question can't be used again. */
  spent(): void;
  clear(): void;
}

/** What of a conversation goes with a message: what the model takes (docs/http-api.md#history). */
function historyFor(exchanges: readonly Exchange[], message: string, { context, turns }: ChatLimits): Turn[] {
  const most = Math.floor(turns / 2);
  if (context === 0 || most === 0) return [];
  const history = exchanges.slice(-most).flatMap(({ question, answer }): Turn[] => [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ]);
  return history.slice(firstFitting(history, message, context));
}

/** Begins a conversation. `newKey` makes a key for each new question. */
export function createConversation(newKey: () => string): Conversation {
  const exchanges: Exchange[] = [];
  let last: Question | undefined;
  let isStopped = false;

  return {
    question(message, { name, limits }) {
      isStopped = false;
      const body = { message, model: name, history: historyFor(exchanges, message, limits) };
      const isSame = last !== undefined && JSON.stringify(last.body) === JSON.stringify(body);
      last = isSame ? last! : { key: newKey(), body };
      return last;
    },
    answered(answer) {
      if (last) exchanges.push({ question: last.body.message, answer });
      last = undefined;
    },
    stopped(answer) {
      if (last === undefined || answer === "") return;
      exchanges.push({ question: last.body.message, answer });
      isStopped = true;
    },
    again() {
      if (!isStopped) return undefined;
      isStopped = false;
      exchanges.pop();
      return last;
    },
    spent() {
      last = undefined;
    },
    clear() {
      exchanges.length = 0;
      last = undefined;
      isStopped = false;
    },
  };
}
