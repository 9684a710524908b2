import type { Form } from "../../session/form.ts";

/** Milliseconds without a key press after which a person has stopped typing. */
const QUIET_MS = 1_000;

/**
 * Decides when an open form gets the keys. A form that opens by itself (the token is no longer valid) while a person types
 * must not take the rest of a question: it waits until they pause or press Enter.
 */
export interface FormFocus {
  /** The form, if it is shown. */
  current(): Form | undefined;
  /** Whether the form is open but not shown yet. */
  readonly isWaiting: boolean;
  /** Call it when a key went to the composer. */
  typed(): void;
  /** Call it when no text is being typed: a form that opens is then shown at once. */
  ready(): void;
  /** Stops the timer; no form is shown after a pause any more. */
  close(): void;
}

interface FormFocusOptions {
  open: () => Form | undefined;
  /** Called when a waiting form is shown. */
  onShown: () => void;
  /** Milliseconds. */
  now: () => number;
}

export function createFormFocus({ open, onShown, now }: FormFocusOptions): FormFocus {
  let isShown = false;
  let lastKey = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const current = () => {
    const form = open();
    const left = lastKey + QUIET_MS - now();
    if (form === undefined) isShown = false;
    else if (left <= 0) isShown = true;
    else if (!isShown && !isClosed && timer === undefined)
      timer = setTimeout(() => {
        timer = undefined;
        onShown();
      }, left);
    return isShown ? form : undefined;
  };

  return {
    current,
    get isWaiting() {
      return open() !== undefined && current() === undefined;
    },
    typed: () => (lastKey = now()),
    ready: () => (lastKey = Number.NEGATIVE_INFINITY),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
