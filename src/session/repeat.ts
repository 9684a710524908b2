/** A piece of a repeated answer: shown before, the continuation, or another answer. */
export type Repeated = { kind: "known" } | { kind: "more" | "other"; text: string };

/** Compares an answer that comes a second time with the part that was shown, which can't be undone. */
export interface Repeat {
  /** `other` is returned at most once, with all text so far; then every piece is `more`. */
  take(text: string): Repeated;
  /** The answer has ended; `response` is all of it, and is used if it did not come in pieces. */
  end(response: string): Repeated;
}

/** `shown` is the part that was shown; not empty. */
export function createRepeat(shown: string): Repeat {
  let came = "";
  let isPast = false;
  const take = (text: string): Repeated => {
    if (isPast) return { kind: "more", text };
    came += text;
    if (shown.startsWith(came)) return { kind: "known" };
    isPast = true;
    return came.startsWith(shown)
      ? { kind: "more", text: came.slice(shown.length) }
      : { kind: "other", text: came };
  };
  return {
    take,
    end(response) {
      const part = came === "" ? take(response) : { kind: "known" as const };
      return isPast || came === shown ? part : { kind: "other", text: came };
    },
  };
}
