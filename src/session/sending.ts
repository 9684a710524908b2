import type { Asking } from "./asking.ts";
import type { Room } from "./room.ts";

interface SendingOptions {
  subscribe: (listener: () => void) => void;
  /** Runs work that must end before the session does. */
  run: (work: Promise<void>) => void;
  asking: Pick<Asking, "ask">;
}

/**
 * Sends questions; those of the queue one by one, each when everything of the one before has ended: its price is printed
 * by then.
 */
export function createSending(room: Room, { subscribe, run, asking }: SendingOptions) {
  let underWay = 0;

  const send = (question: () => Promise<void>) => {
    underWay += 1;
    run(
      question()
        .finally(() => (underWay -= 1))
        .then(sendNext),
    );
  };

  const sendNext = () => {
    const { phase, form, queue, turns } = room.state();
    const [next] = queue.questions;
    if (next === undefined || queue.isStopped || form !== undefined) return;
    if (underWay > 0 || phase.kind !== "idle") return;
    // Not instead of the last question, even if that is being edited.
    send(() => asking.ask(next, { isQueued: true, before: turns }));
  };

  subscribe(sendNext);
  return { send };
}
