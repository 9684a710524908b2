/** What a question needs of an AbortSignal; one fits. */
export interface StopSignal {
  readonly aborted: boolean;
  /** Undefined until then. */
  readonly reason: unknown;
  throwIfAborted(): void;
  /** As an AbortSignal it calls nobody if it is aborted already. */
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What a question needs of an AbortController; one fits. */
export interface StopController {
  readonly signal: StopSignal;
  abort(reason: unknown): void;
}

/** An AbortController and its signal in one. Node's own take a twentieth of the CPU of a question. */
export class Stop implements StopController, StopSignal {
  aborted = false;
  reason: unknown;
  #listeners: (() => void)[] = [];

  get signal(): StopSignal {
    return this;
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_: "abort", listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_: "abort", listener: () => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
  }
}
