import { grouped } from "../text/numbers.ts";
import type { Face } from "./exchange.ts";
import type { Room } from "./room.ts";

/** Seconds that a question waits in all for its retries. */
const LONGEST_WAIT = 90;

/** Shows how a question is answered: what it waits for, what the AI thinks, and its text. */
export function createProgress(room: Room) {
  const { say, dispatch, state, now } = room;
  let lastData = 0;

  const face: Face = {
    sleep: room.sleep,
    maxWait: LONGEST_WAIT,
    show: (text) => say({ type: "delta", text }),
    onWait: (seconds, reason) =>
      dispatch({ type: "waiting", until: now() + seconds * 1000, reason: reason.message }),
    onTry() {
      state().reasoning.text = "";
      dispatch({ type: "tried" });
    },
    onReasoning(text) {
      lastData = now();
      state().reasoning.text += text;
      if (state().phase.kind !== "asking") return;
      say({ type: "thinking" });
      dispatch({ type: "thinking", at: lastData });
    },
    onData() {
      lastData = now();
      const { phase } = state();
      if (phase.kind === "thinking") room.note("dim", `thought for ${secondsOf(lastData - phase.from)} s`);
      if (phase.kind === "asking" || phase.kind === "thinking") dispatch({ type: "firstWords" });
    },
    onOther() {
      say({ type: "end" });
      room.note("dim", "The connection was lost there; this is the answer from its start:");
    },
  };

  return {
    face,
    /** Milliseconds of the clock at which the answer last grew, or was asked for. */
    get lastData() {
      return lastData;
    },
    /** A question is asked. */
    begin: () => void (lastData = now()),
  };
}

const secondsOf = (milliseconds: number) => grouped(Math.max(1, Math.round(milliseconds / 1000)));
