import type { Event } from "./event.ts";
import { emptyQueue, isRunning, type Queue } from "./state.ts";

/** A queue of an earlier session, which waits for the user. */
export const stoppedQueue = (questions: readonly string[]): Queue =>
  questions.length === 0 ? emptyQueue : { questions, isStopped: true };

/**
 * The queue after an event (pure). It stops unless the answer before was whole and cost no more than the price that
 * was shown: nothing is charged that the user did not expect (docs/session.md#sending).
 */
export function queueAfter(queue: Queue, event: Event, price: number | null): Queue {
  const { questions } = queue;
  if (event.type === "queued") return { ...queue, questions: [...questions, event.question] };
  if (event.type === "takenBack") return holding(queue, questions.slice(0, -1));
  if (event.type === "asked" && event.isQueued === true) return holding(queue, questions.slice(1));
  if (event.type === "queueSent") return { ...queue, isStopped: false };
  return isRunning(queue) && stops(event, price) ? { ...queue, isStopped: true } : queue;
}

const stopping = new Set<Event["type"]>([
  "queueStopped",
  "stopping",
  "failed",
  "cleared",
  "resumed",
  "moved",
  "movedBack",
  "signedOut",
]);

function stops(event: Event, price: number | null): boolean {
  if (event.type === "form") return event.form !== undefined;
  if (event.type === "answered") return price !== null && event.cost !== null && event.cost > price;
  return stopping.has(event.type);
}

function holding(queue: Queue, questions: readonly string[]): Queue {
  return questions.length === 0 ? emptyQueue : { ...queue, questions };
}
