import { byId } from "./dom.ts";

/** Where a question is written, and what is said about it. */
export interface Composer {
  readonly text: string;
  /** Empties it, because its question is sent. */
  take(): void;
  /** A question that was refused is in it again, before what has been typed since. True if nothing has been. */
  giveBack(question: string): boolean;
  /** Says why the question was refused, a line each. */
  refuse(lines: readonly string[]): void;
  /** Says what goes on. */
  tell(words: string): void;
  /** A question is under way: it can be stopped, and the next one can be typed and not be sent. */
  begin(): void;
  end(): void;
  focus(): void;
}

export interface ComposerListener {
  onSend: () => void;
  onStop: () => void;
}

/** A keyboard on glass has no Shift-Enter: there, Enter begins a line. */
const isTouch = () => matchMedia("(pointer: coarse)").matches;

export function createComposer({ onSend, onStop }: ComposerListener): Composer {
  const question = byId("question", HTMLTextAreaElement);
  const send = byId("send", HTMLButtonElement);
  const stop = byId("stop", HTMLButtonElement);
  const status = byId("status", HTMLElement);
  const trouble = byId("trouble", HTMLElement);
  const stopCost = byId("stop-cost", HTMLElement);

  if (isTouch()) byId("keys", HTMLElement).textContent = "Enter: new line";
  byId("ask", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    onSend();
  });
  stop.addEventListener("click", onStop);
  question.addEventListener("keydown", (event) => {
    // 229: Safari ends a composition before the Enter that ends it.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || isTouch()) return;
    event.preventDefault();
    if (!event.repeat) onSend();
  });

  const show = (isUnderWay: boolean) => {
    const hadFocus = document.activeElement === stop;
    // A disabled button would lose the focus.
    send.ariaDisabled = String(isUnderWay);
    stop.hidden = !isUnderWay;
    stopCost.hidden = !isUnderWay;
    // The focus would be lost with the button.
    if (hadFocus && !isUnderWay) question.focus();
  };

  return {
    get text() {
      return question.value;
    },
    take() {
      question.value = "";
      trouble.textContent = "";
    },
    giveBack(text) {
      const isAlone = question.value.trim() === "";
      question.value = isAlone ? text : `${text}\n\n${question.value}`;
      return isAlone;
    },
    refuse(lines) {
      trouble.textContent = lines.join("\n");
    },
    tell(words) {
      status.textContent = words;
    },
    begin: () => show(true),
    end: () => show(false),
    focus: () => question.focus(),
  };
}
