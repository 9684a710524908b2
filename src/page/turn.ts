import { createAnswerView, type AnswerView } from "./answer-view.ts";
import { make } from "./dom.ts";

/** A question and its answer on the page. */
export interface TurnView {
  answer: AnswerView;
  /** The answer has ended. `note` says how and what it cost, and can have a button. */
  end(note: string, button?: HTMLButtonElement): void;
  /** Takes it off the page. */
  remove(): void;
  /** The answer as it is read, without marks. */
  readonly spoken: string;
}

/** Whether the end of the page is in view: then it stays there while the answer grows. */
const isAtEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 40;

const scrollToEnd = (): void => scrollTo(0, document.documentElement.scrollHeight);

function followEnd(): () => void {
  return isAtEnd() ? scrollToEnd : () => {};
}

/** Adds a question to the page, whose answer is about to come. */
export function createTurn(into: Element, question: string): TurnView {
  const text = make("div", { class: "answer" });
  const note = make("p", { class: "note" });
  note.hidden = true;
  const turn = make(
    "article",
    { class: "writing" },
    make("h2", { class: "unseen" }, "You"),
    make("div", { class: "question", dir: "auto" }, question),
    make("h2", { class: "unseen" }, "Answer"),
    text,
    note,
  );
  into.append(turn);
  scrollToEnd();
  const answer = createAnswerView(text, followEnd);
  return {
    answer,
    end(words, button) {
      answer.finish();
      const after = followEnd();
      turn.classList.remove("writing");
      note.replaceChildren(words, ...(button ? [button] : []));
      note.hidden = false;
      after();
    },
    remove: () => turn.remove(),
    get spoken() {
      return text.innerText;
    },
  };
}
