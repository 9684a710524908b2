import { Counter, Histogram, type Registry } from "prom-client";
import { ClientGone } from "../core/client-gone.ts";
import type { Answer, Questions } from "../core/questions.ts";
import { failureLabel } from "./outcome.ts";
import { keep, keepSeries } from "./keep.ts";

/** What the app asks of questions. */
type Asking = Pick<Questions, "ask" | "models">;

const outcomeOf = ({ replayed }: Answer) => (replayed ? "replayed" : "answered");

const failedOutcome = (error: unknown) =>
  error instanceof ClientGone && (error.bill?.charged ?? 0) > 0 ? "client_left_charged" : failureLabel(error);

/** Counts questions. `label`: the label of a model's name. */
export function questionMetrics(registers: Registry[], label: (model: string) => string) {
  const questions = new Counter({
    name: "ai_chat_questions_total",
    help: "Questions that ended, by the model that was asked and the outcome: answered, replayed, client_left, client_left_charged, or the code of the error.",
    labelNames: ["model", "outcome"],
    registers,
  });
  const added = new Histogram({
    name: "ai_chat_added_latency_seconds",
    help: "What the server itself takes for a question: from its last byte until its answer is whole and paid, without the time in which the AI was asked, its fallback included.",
    labelNames: ["model"],
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const counterOf = keep((model) => keep((outcome) => questions.labels(model, outcome)));
  const addedOf = keepSeries(added, "model");

  return {
    /** A model of the list: its series begin with 0. */
    begin(model: string): void {
      counterOf(model)("answered").inc(0);
      addedOf(model);
    },
    /** Questions that are counted. */
    around: (asking: Asking): Asking => ({
      async ask(question) {
        const model = label(question.model ?? asking.models[0].name);
        const begun = question.arrived ?? performance.now();
        const timing = (question.timing = { ai: 0 });
        try {
          const answer = await asking.ask(question);
          counterOf(model)(outcomeOf(answer)).inc();
          // Nobody was asked for a kept one.
          if (!answer.isKept)
            addedOf(model).observe(Math.max(0, performance.now() - begun - timing.ai) / 1000);
          return answer;
        } catch (error) {
          counterOf(model)(failedOutcome(error)).inc();
          throw error;
        }
      },
      get models() {
        return asking.models;
      },
    }),
  };
}
