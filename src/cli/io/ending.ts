import { ClientError } from "../../client/failure.ts";
import { signalCodes, type EndingSignal } from "../failures/exit-codes.ts";
import { ClosedPipe } from "./output.ts";

/** Why and when the program has to end early. */
export interface Ending {
  /** Aborts on the first signal, or when stdout is closed. */
  readonly signal: AbortSignal;
  /** The signal that was received, if any. */
  readonly by: EndingSignal | undefined;
  /** The grace time has passed. */
  readonly isOver: boolean;
  /** To be called when the reader of stdout has closed it. */
  closedPipe: () => void;
  /** Removes the SIGINT handler: the caller handles SIGINT. */
  releaseInterrupts: () => void;
  /** Calls `handle` at the second signal; the third then exits immediately. Undefined: the second does. */
  onSecondSignal: (handle: (() => void) | undefined) => void;
  /** Calls `handle` at each SIGHUP, also for one that came before, if SIGHUP does not end the program. */
  onHangup: (handle: () => void) => void;
  /**
   * Rejects `grace` milliseconds after `signal` aborts; otherwise never settles. `charged`: whether the work, which is
   * then abandoned, may have been charged.
   */
  after(grace: number, charged: "no" | "maybe"): Promise<never>;
}

/**
 * Handles the signals that end the program (docs/cli.md#signals). A second signal exits immediately, unless it is
 * handled. `outlivesHangup`: SIGHUP is none of them.
 */
export function createEnding({ outlivesHangup }: { outlivesHangup: boolean }): Ending {
  const controller = new AbortController();
  const { signal } = controller;
  let by: EndingSignal | undefined;
  let isOver = false;
  let handleSecond: (() => void) | undefined;
  const end = (name: NodeJS.Signals) => {
    const known = name as EndingSignal;
    if (by !== undefined) {
      const handle = handleSecond ?? (() => process.exit(signalCodes[known]));
      handleSecond = undefined;
      return handle();
    }
    by = known;
    controller.abort();
  };
  const ending = (Object.keys(signalCodes) as EndingSignal[]).filter(
    (name) => name !== "SIGHUP" || !outlivesHangup,
  );
  for (const name of ending) process.on(name, end);

  let hungUp = false;
  let handleHangup = (): void => {
    hungUp = true;
  };
  if (outlivesHangup) process.on("SIGHUP", () => handleHangup());

  return {
    signal,
    get by() {
      return by;
    },
    get isOver() {
      return isOver;
    },
    releaseInterrupts: () => void process.off("SIGINT", end),
    onSecondSignal: (handle) => {
      handleSecond = handle;
    },
    onHangup: (handle) => {
      handleHangup = handle;
      if (hungUp) handle();
    },
    closedPipe: () => controller.abort(new ClosedPipe("stdout is closed")),
    after: (grace, charged) =>
      new Promise((_, reject) => {
        const over = () => {
          isOver = true;
          reject(new ClientError("interrupted", "Interrupted.", { charged }));
        };
        const wait = () => {
          if (grace === 0) over();
          else if (Number.isFinite(grace)) setTimeout(over, grace).unref();
        };
        if (signal.aborted) wait();
        else signal.addEventListener("abort", wait, { once: true });
      }),
  };
}
