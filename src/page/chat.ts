import { cutWords } from "../protocol/cut-words.ts";
import { tooLong } from "../protocol/question-length.ts";
import type { DoneEvent } from "../protocol/replies.ts";
import { counted, grouped } from "../text/numbers.ts";
import { createAccountBalance } from "./account-balance.ts";
import { ask, type Question } from "./answer.ts";
import * as api from "./api.ts";
import { askAgain } from "./ask-again.ts";
import type { Composer } from "./composer.ts";
import { createConversation } from "./conversation.ts";
import { byId, make } from "./dom.ts";
import { askAgainWords, Failure, isSpent, refusalWords, wantsLogin } from "./failure.ts";
import { newKey } from "./key.ts";
import type { ModelChoice } from "./model-choice.ts";
import { sleep } from "./sleep.ts";
import { createTurn, type TurnView } from "./turn.ts";

export interface ChatNeeds {
  composer: Composer;
  choice: ModelChoice;
  token: () => string;
  /** The token is no longer valid. */
  onExpired: () => void;
  onBalance: (tokens: number | null) => void;
  /** The account has this name. */
  onName: (name: string) => void;
}

export interface Chat {
  /** Asks what is in the composer. */
  send(): Promise<void>;
  stop(): void;
  isAsking(): boolean;
  /** Reads balance and name of the account anew. */
  refresh(): Promise<void>;
  /** Ends what is under way, and forgets the conversation. */
  clear(): void;
}

/** The conversation on the page. */
export function createChat({ composer, choice, token, onExpired, onBalance, onName }: ChatNeeds): Chat {
  const turns = byId("turns", HTMLElement);
  const said = byId("said", HTMLElement);
  const conversation = createConversation(newKey);
  let stopping: AbortController | undefined;
  /** What came of an answer before it failed. It goes with the next question. */
  let leftover: TurnView | undefined;
  /** The button of a stopped answer, until something else is asked. */
  let offer: HTMLButtonElement | undefined;
  const balance = createAccountBalance(token, onBalance);

  /** For those who don't see the page: once, when an answer has ended. */
  const say = (words: string, answer = "") => {
    const shown = answer.length > 2000 ? `${answer.slice(0, 2000)} …` : answer;
    said.textContent = shown === "" ? words : `Answer: ${shown}\n${words}`;
  };

  const answered = (turn: TurnView, question: Question, done: DoneEvent) => {
    if (turn.answer.text !== done.response) {
      turn.answer.restart();
      turn.answer.add(done.response);
    }
    conversation.answered(done.response);
    balance.show(done.tokens_remaining);
    const sent = question.body.history?.length ?? 0;
    const words = [
      done.model,
      counted(done.tokens_deducted, "token"),
      `${grouped(done.tokens_remaining)} left`,
      cutWords(done.finish ?? undefined) ?? "",
      done.turns_sent < sent ? "the beginning of this conversation no longer reaches the AI" : "",
    ];
    const note = words.filter((word) => word !== "").join(" · ");
    turn.end(note);
    say(note, turn.spoken);
  };

  const stopped = async (turn: TurnView, { body }: Question, price: number, isCleared: () => boolean) => {
    composer.tell("Stopping …");
    const found = await balance.settle(price);
    if (found === undefined || isCleared()) return;
    const { text } = turn.answer;
    // Without text most likely nothing was charged: another tab can have asked for the same price.
    const isUnsure = found.cost === null || (text === "" && found.cost !== 0);
    const cost = isUnsure
      ? `it may have cost ${counted(price, "token")}`
      : found.cost === 0
        ? "nothing was charged"
        : counted(price, "token");
    conversation.stopped(text);
    if (text === "") {
      turn.remove();
      const isAlone = composer.giveBack(body.message);
      return composer.tell(`Stopped: ${cost}.${isUnsure ? ` ${askAgainWords(isAlone)}` : ""}`);
    }
    const button = make(
      "button",
      { type: "button" },
      found.cost === 0 ? "Ask again" : "Get the whole answer, already paid",
    );
    if (isUnsure) button.textContent = "Ask again, not charged twice";
    button.addEventListener("click", () => {
      if (stopping) return;
      const again = conversation.again();
      if (again === undefined) return;
      turn.remove();
      composer.focus();
      void run(again);
    });
    offer = button;
    turn.end(`Stopped · ${cost}`, button);
    composer.tell("");
    say(`Stopped: ${cost}.`);
  };

  const failed = (turn: TurnView, { body }: Question, failure: Failure) => {
    if (isSpent(failure)) conversation.spent();
    const now = failure.details.balance?.tokens ?? null;
    if (now !== null) balance.show(now);
    if (turn.answer.text === "") turn.remove();
    else {
      turn.end("Not finished. The question is below.");
      leftover = turn;
    }
    const isAlone = composer.giveBack(body.message);
    if (wantsLogin(failure)) return onExpired();
    composer.refuse(refusalWords(failure, isAlone));
    if (failure.details.fields?.some(({ field }) => field === "model")) void updateModels();
    if (failure.details.mayHaveCost) void refresh();
  };

  const refresh = async () => {
    const own = token();
    try {
      const found = await balance.read();
      if (found !== undefined && found.name !== "") onName(found.name);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (wantsLogin(error) && own === token()) onExpired();
      // What goes on says by itself that the server is not there.
    }
  };

  const updateModels = async () => {
    const models = await api.models().catch(() => undefined);
    if (models) choice.update(models);
  };

  const run = async (question: Question) => {
    const stop = new AbortController();
    const { signal } = stop;
    stopping = stop;
    const isCleared = () => stopping !== stop;
    const { price } = choice.named(question.body.model);
    offer?.remove();
    offer = undefined;
    leftover?.remove();
    leftover = undefined;
    const turn = createTurn(turns, question.body.message);
    composer.begin();
    composer.tell("Asked. Waiting for the answer …");
    const once = () => {
      let hasBegun = false;
      return ask(question, {
        token: token(),
        signal,
        onThinking: () => hasBegun || composer.tell("The AI is thinking …"),
        onText(text) {
          if (signal.aborted) return;
          if (!hasBegun) composer.tell("The answer is coming …");
          hasBegun = true;
          turn.answer.add(text);
        },
      });
    };
    const onWait = (seconds: number, { message }: Failure) => {
      turn.answer.restart();
      composer.tell(`${message} Asking again in ${counted(seconds, "second")} …`);
    };
    try {
      const done = await askAgain(once, { signal, sleep, onWait });
      if (isCleared()) return void balance.catchUp(price);
      composer.tell("");
      answered(turn, question, done);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (isCleared()) return void balance.catchUp(price);
      composer.tell("");
      if (error.code === "stopped") await stopped(turn, question, price, isCleared);
      else failed(turn, question, error);
    } finally {
      if (!isCleared()) {
        stopping = undefined;
        composer.end();
      }
    }
  };

  return {
    async send() {
      const message = composer.text.trim();
      if (message === "" || stopping) return;
      const { chosen } = choice;
      const fault = tooLong(message, chosen.limits.message, chosen.name);
      if (fault !== undefined) return composer.refuse([fault]);
      composer.take();
      await run(conversation.question(message, chosen));
    },
    stop: () => stopping?.abort(),
    isAsking: () => stopping !== undefined,
    refresh,
    clear() {
      const under = stopping;
      stopping = undefined;
      under?.abort();
      if (under) composer.end();
      composer.take();
      composer.tell("");
      conversation.clear();
      leftover = undefined;
      turns.replaceChildren();
      said.textContent = "";
    },
  };
}
