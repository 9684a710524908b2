/** What a piece of a repeated answer is: what stands there already, what goes on behind it, or another answer. */
export type Repeated = { kind: "known" } | { kind: "more" | "other"; text: string };

/** An answer that comes a second time, beside the part of it that is on the screen and can't be taken back. */
export interface Repeat {
  /** `other` comes at most once, with all that came so far; from then on everything is `more`. */
  take(text: string): Repeated;
  /** The answer has ended; `response` is all of it, which counts where it didn't come in pieces. */
  end(response: string): Repeated;
}

/** `shown` is the part that was shown, not empty. Pure but for what it remembers. */
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
