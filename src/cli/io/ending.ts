import { ClientError } from "../../client/failure.ts";
import { signalCodes, type EndingSignal } from "../failures/exit-codes.ts";
import { ClosedPipe } from "./output.ts";

/** Why and when the program has to end before its work is done. */
export interface Ending {
  /** Aborts at the first reason. */
  readonly signal: AbortSignal;
  /** The signal that came, if any. */
  readonly by: EndingSignal | undefined;
  /** The grace time has passed. */
  readonly isOver: boolean;
  /** The reader of stdout has gone. */
  closedPipe: () => void;
  /** Stops listening to SIGINT: the caller handles it. */
  spareInterrupts: () => void;
  /** Rejects `grace` milliseconds after the first reason; never without one. */
  after(grace: number): Promise<never>;
}

/** Listens to the signals that end a program (docs/cli.md#signals). The second one ends it at once. */
export function createEnding(): Ending {
  const controller = new AbortController();
  const { signal } = controller;
  let by: EndingSignal | undefined;
  let isOver = false;
  const end = (name: NodeJS.Signals) => {
    const known = name as EndingSignal;
    if (by !== undefined) process.exit(signalCodes[known]);
    by = known;
    controller.abort();
  };
  for (const name of Object.keys(signalCodes) as EndingSignal[]) process.on(name, end);

  return {
    signal,
    get by() {
      return by;
    },
    get isOver() {
      return isOver;
    },
    spareInterrupts: () => void process.off("SIGINT", end),
    closedPipe: () => controller.abort(new ClosedPipe("stdout is closed")),
    after: (grace) =>
      new Promise((_, reject) => {
        const over = () => {
          isOver = true;
          reject(new ClientError("interrupted", "Interrupted."));
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
