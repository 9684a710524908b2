import { Gauge, type Registry } from "prom-client";

/** What is read at a scrape. Undefined until that part of the server is open. */
export interface Sources {
  /** Questions in flight. */
  questions?: () => number;
  /** Connections of clients. */
  connections?: () => number;
  /** Bytes in memory for clients. */
  buffered?: () => number;
  /** Passwords that wait for a thread. */
  passwords?: () => number;
  /** Whether the AI of a model is failing. */
  isFailing?: (model: string) => boolean;
}

const read: [source: Exclude<keyof Sources, "isFailing">, name: string, help: string][] = [
  ["questions", "ai_chat_questions_in_flight", "Questions that are being answered."],
  ["connections", "ai_chat_http_connections", "Open connections of clients."],
  ["buffered", "ai_chat_buffered_bytes", "Memory for request bodies, unread answers and kept answers."],
  [
    "passwords",
    "ai_chat_passwords_waiting",
    "Passwords that wait for a thread which hashes or compares them.",
  ],
];

/** What the server is, and what it has at the moment of a scrape. */
export function gauges(
  registers: Registry[],
  { version, models }: { version: string; models: () => readonly { name: string }[] },
  sources: Sources,
): void {
  new Gauge({
    name: "ai_chat_info",
    help: "Always 1; its label is the version of the server.",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  for (const [source, name, help] of read) {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [],
      collect: () => gauge.set(sources[source]?.() ?? 0),
    });
    for (const registry of registers) registry.registerMetric(gauge);
  }
  const failing: Gauge<"model"> = new Gauge({
    name: "ai_chat_ai_failing",
    help: "1 while the AI of a model is failing, else 0.",
    labelNames: ["model"],
    registers: [],
    collect() {
      // A model that is gone is not failing.
      failing.reset();
      for (const { name } of models()) failing.set({ model: name }, sources.isFailing?.(name) ? 1 : 0);
    },
  });
  for (const registry of registers) registry.registerMetric(failing);
}
