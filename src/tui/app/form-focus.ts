import type { Form } from "../session/form.ts";

/** Milliseconds without a key after which somebody has stopped typing. */
const QUIET_MS = 1_000;

/**
 * Who gets the keys while the form is open. A form that opens by itself (a token that is no longer valid) while
 * somebody types must not take what was meant for a question: it waits until they pause, or press Enter.
 */
export interface FormFocus {
  /** The form, once it is shown and typed in. */
  current(): Form | undefined;
  /** Whether it is open but waits. */
  readonly isWaiting: boolean;
  /** A key went to the composer. */
  typed(): void;
  /** Nobody is in the middle of typing: what opens now may be shown at once. */
  ready(): void;
  /** No form is shown any more by itself. */
  close(): void;
}

interface FormFocusOptions {
  open: () => Form | undefined;
  /** The form takes the keys from now on. */
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
