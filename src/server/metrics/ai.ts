import { Counter, Histogram, type Registry } from "prom-client";
import { AI_FAILURES, type OnAiCall } from "../core/ai-calls.ts";
import { keep, keepSeries } from "./keep.ts";

/** Counts calls of the AI. `label`: the label of a model's name. */
export function aiMetrics(registers: Registry[], label: (model: string) => string) {
  const labelNames = ["model"] as const;
  const seconds = new Histogram({
    name: "ai_chat_ai_seconds",
    help: "Time of a call of the AI that gave a whole answer, by the model that gave it.",
    labelNames,
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120],
    registers,
  });
  const first = new Histogram({
    name: "ai_chat_ai_first_text_seconds",
    help: "Time of a call of the AI until the first text of a stream.",
    labelNames,
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const failures = new Counter({
    name: "ai_chat_ai_failures_total",
    help: "Calls of the AI that failed, by the model and the kind of the failure. A call that the client or a stop of the server ended is none.",
    labelNames: ["model", "kind"],
    registers,
  });
  const secondsOf = keepSeries(seconds, "model");
  const firstOf = keepSeries(first, "model");
  const failuresOf = keep((model) => keep((kind) => failures.labels(model, kind)));

  const onCall: OnAiCall = ({ model: name, ms, firstText, failure }) => {
    const model = label(name);
    if (firstText !== undefined) firstOf(model).observe(firstText / 1000);
    if (failure === undefined) secondsOf(model).observe(ms / 1000);
    else failuresOf(model)(failure).inc();
  };
  return {
    /** A model of the list: its series begin with 0. */
    begin(model: string): void {
      secondsOf(model);
      firstOf(model);
      for (const kind of AI_FAILURES) failuresOf(model)(kind).inc(0);
    },
    onCall,
  };
}
