import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AI_FAILURES } from "../../../../src/server/core/ai-calls.ts";
import { createAnswers } from "../../../../src/server/core/answers.ts";
import { ApiError } from "../../../../src/server/core/api-error.ts";
import { ClientGone } from "../../../../src/server/core/client-gone.ts";
import { LIMITS } from "../../../../src/server/core/limit-names.ts";
import type { Provider } from "../../../../src/server/core/provider.ts";
import {
  createQuestions,
  type Answer,
  type Question,
  type Questions,
} from "../../../../src/server/core/questions.ts";
import type { SignIn } from "../../../../src/server/core/sign-in.ts";
import { createMetrics, type Metrics } from "../../../../src/server/metrics/open.ts";
import { errors, type ErrorCode } from "../../../../src/protocol/errors.ts";
import { pagePaths, routes } from "../../../../src/protocol/routes.ts";
import { testedModel } from "../../../support/tested-model.ts";
import { endlessRoom } from "../core/endless-room.ts";
import { createFakeLedger } from "../core/fake-ledger.ts";

afterEach(() => void vi.restoreAllMocks());

const setUp = (...names: string[]) =>
  createMetrics({ version: "1.2.3", models: () => names.map((name) => ({ name })) });

/** A value of the series with these labels; undefined if there is none. */
async function valueOf(metrics: Metrics, name: string, labels: Record<string, string> = {}) {
  const metric = await metrics.registry.getSingleMetric(name.replace(/_(sum|count)$/, ""))!.get();
  const series = metric.values as { value: number; labels: object; metricName?: string }[];
  return series.find(
    (one) =>
      (one.metricName ?? name) === name &&
      Object.entries(labels).every(([key, value]) => (one.labels as Record<string, string>)[key] === value),
  )?.value;
}

const question = (wishes: Partial<Question> = {}): Question => ({
  account: "jane",
  prompt: { message: "hi", history: [] },
  stop: new AbortController(),
  ...wishes,
});

const asking = (ask: Questions["ask"], name = "small") => ({
  ask,
  models: [testedModel({ name, provider: {} as Provider })] as const,
});

describe("questions", () => {
  const answered = { model: "small", deducted: 100 } as Answer;
  const rows: [outcome: string, ask: () => Promise<Answer>][] = [
    ["answered", async () => ({ ...answered, replayed: false })],
    ["replayed", async () => ({ ...answered, replayed: true, isKept: true })],
    ["client_left", () => Promise.reject(new ClientGone())],
    ["client_left", () => Promise.reject(new ClientGone({ charged: 0, tokens: 5 }))],
    ["client_left_charged", () => Promise.reject(new ClientGone({ charged: 100, tokens: 5 }))],
    ["insufficient_tokens", () => Promise.reject(new ApiError("insufficient_tokens", "No."))],
    ["internal_error", () => Promise.reject(new TypeError("a bug"))],
  ];
  test.each(rows)("are counted as %s", async (outcome, ask) => {
    const metrics = setUp("small");
    await metrics
      .aroundQuestions(asking(ask))
      .ask(question())
      .catch(() => {});
    expect(await valueOf(metrics, "ai_chat_questions_total", { model: "small", outcome })).toBe(1);
    const { values } = await metrics.registry.getSingleMetric("ai_chat_questions_total")!.get();
    expect(values.reduce((sum, { value }) => sum + value, 0)).toBe(1);
  });

  test("are counted for the model that they name, or the default", async () => {
    const metrics = setUp("small", "large");
    const { ask } = metrics.aroundQuestions(asking(async () => ({ ...answered, replayed: false })));
    for (const model of [undefined, "large", "large", "gone", 'x"} 1\n']) await ask(question({ model }));
    const counted = ["small", "large", "other"].map((model) =>
      valueOf(metrics, "ai_chat_questions_total", { model, outcome: "answered" }),
    );
    expect(await Promise.all(counted)).toEqual([1, 2, 2]);
  });

  /** Questions at a clock that only moves when the store or the AI works, or the client's body comes. */
  function measured() {
    let clock = 1000;
    vi.spyOn(performance, "now").mockImplementation(() => clock);
    const ledger = createFakeLedger("charged");
    const takes = (ms: number) => void (clock += ms);
    const slow: typeof ledger = {
      ...ledger,
      hold: (request) => (takes(3), ledger.hold(request)),
      charge: (hold) => (takes(4), ledger.charge(hold)),
    };
    const ai = (answer: Provider["answer"]): Provider => ({ model: "", answer, close: async () => {} });
    const fails = ai(async () => {
      takes(2000);
      throw new ApiError("upstream_error", "It failed.");
    });
    const works = ai(async ({ onDelta }) => {
      takes(500);
      onDelta?.("Hello");
      takes(5000);
      return "Hello";
    });
    const questions = createQuestions({
      ledger: slow,
      models: [
        testedModel({ name: "small", provider: works }),
        testedModel({ name: "broken", provider: fails, fallback: "small" }),
        testedModel({ name: "late", provider: { ...works, learn: async () => takes(700) } }),
      ],
      answers: createAnswers(Date.now, endlessRoom),
      timeout: 60_000,
      limit: () => undefined,
      maxInFlight: 64,
      maxQuestions: 1000,
      now: Date.now,
    });
    const metrics = setUp("small", "broken", "late");
    return { metrics, takes, ask: metrics.aroundQuestions(questions).ask };
  }

  test.each(["small", "broken", "late"])(
    "add what the store takes, and nothing of the AI, plain and streamed: %s",
    async (model) => {
      const { metrics, takes, ask } = measured();
      await ask(question({ model }));
      expect(await valueOf(metrics, "ai_chat_added_latency_seconds_sum", { model })).toBeCloseTo(0.007);
      const arrived = performance.now();
      takes(10);
      await ask(question({ model, arrived, onDelta: () => true }));
      expect(await valueOf(metrics, "ai_chat_added_latency_seconds_sum", { model })).toBeCloseTo(0.024);
      expect(await valueOf(metrics, "ai_chat_added_latency_seconds_count", { model })).toBe(2);
    },
  );

  test("that failed add nothing", async () => {
    const { metrics, ask } = measured();
    await expect(ask(question({ model: "unknown" }))).rejects.toMatchObject({ code: "invalid_request" });
    await metrics.read();
    expect(await valueOf(metrics, "ai_chat_added_latency_seconds_count")).toBe(0);
  });
});

test("calls of the AI are counted by kind of failure, and timed if they gave an answer", async () => {
  const metrics = setUp("small");
  metrics.onAiCall({ model: "small", ms: 1500, firstText: 250 });
  metrics.onAiCall({ model: "small", ms: 1500 });
  metrics.onAiCall({ model: "small", ms: 9000, firstText: 750, failure: "connection" });
  metrics.onAiCall({ model: "gone", ms: 9000, failure: "key" });
  const model = "small";
  expect(await valueOf(metrics, "ai_chat_ai_seconds_sum", { model })).toBe(3);
  expect(await valueOf(metrics, "ai_chat_ai_seconds_count", { model })).toBe(2);
  expect(await valueOf(metrics, "ai_chat_ai_first_text_seconds_sum", { model })).toBe(1);
  expect(await valueOf(metrics, "ai_chat_ai_failures_total", { model, kind: "connection" })).toBe(1);
  expect(await valueOf(metrics, "ai_chat_ai_failures_total", { model: "other", kind: "key" })).toBe(1);
});

test("a model that a reload adds has its series at once, and one that it removes keeps them", async () => {
  let names = ["small"];
  const metrics = createMetrics({ version: "1", models: () => names.map((name) => ({ name })) });
  metrics.onAiCall({ model: "small", ms: 1000 });
  await metrics.read();
  names = ["large"];
  await metrics.read();
  const failures = (model: string) => valueOf(metrics, "ai_chat_ai_failures_total", { model, kind: "key" });
  expect([await failures("small"), await failures("large")]).toEqual([0, 0]);
  expect(await valueOf(metrics, "ai_chat_ai_seconds_count", { model: "small" })).toBe(1);
  metrics.onAiCall({ model: "small", ms: 1000 });
  expect(await valueOf(metrics, "ai_chat_ai_seconds_count", { model: "other" })).toBe(1);
});

test("the model whose AI is failing has 1, until it is gone from the list", async () => {
  let names = ["small", "large"];
  const metrics = createMetrics({ version: "1", models: () => names.map((name) => ({ name })) });
  const failing = (model: string) => valueOf(metrics, "ai_chat_ai_failing", { model });
  expect(await failing("large")).toBe(0);
  metrics.watch({ isFailing: (model) => model === "large" });
  expect([await failing("small"), await failing("large")]).toEqual([0, 1]);
  names = ["small"];
  expect(await failing("large")).toBeUndefined();
});

const codes = Object.keys(errors) as ErrorCode[];
const fail = fc.oneof(
  fc.constantFrom(...codes).map((code) => new ApiError(code, "Secret words.")),
  fc.constant(new ClientGone()),
  fc.string().map((words) => new Error(words)),
);

test("whatever comes, labels are from fixed lists and the configuration", async () => {
  const allowed: Record<string, ReadonlySet<string>> = {
    model: new Set(["small", "other"]),
    outcome: new Set(["answered", "replayed", "client_left", "client_left_charged", "ok", ...codes]),
    kind: new Set(AI_FAILURES),
    limit: new Set(LIMITS),
    route: new Set([...Object.values(routes), ...Object.values(pagePaths), "other"]),
    status: new Set(["200", "404", "499"]),
    version: new Set(["1.2.3"]),
  };
  const metrics = setUp("small");
  const requests = fc.record({
    model: fc.option(fc.string(), { nil: undefined }),
    path: fc.oneof(
      fc.string().map((text) => `/${text}`),
      fc.string(),
      fc.constantFrom(...Object.values(routes), ...Object.values(pagePaths)),
    ),
    status: fc.constantFrom(200, 404, 499),
    name: fc.string(),
    error: fail,
  });
  for (const { model, path, status, name, error } of fc.sample(requests, 100)) {
    const refuse = () => Promise.reject(error);
    await metrics
      .aroundQuestions(asking(refuse))
      .ask(question({ model }))
      .catch(() => {});
    metrics.onAiCall({ model: model ?? "", ms: 1, failure: "server" });
    metrics.onRequest(path, status, undefined);
    const signIn = metrics.aroundSignIn({ login: refuse, register: refuse } as unknown as SignIn);
    await signIn.login({ username: name, password: name }, { address: name }).catch(() => {});
    await signIn.register({ username: name, password: name }, undefined, { address: name }).catch(() => {});
  }
  await metrics.read();
  const all = await metrics.registry.getMetricsAsJSON();
  const labels = all.flatMap(({ values }) => values.flatMap((one) => Object.entries(one.labels)));
  const others = labels.filter(([label, value]) => label !== "le" && !allowed[label]?.has(String(value)));
  expect(others).toEqual([]);
});

test("docs/monitoring.md lists every metric with its type and labels, and no other", async () => {
  const metrics = setUp("small");
  await metrics.read();
  const found = metrics.registry.getMetricsAsArray().map((metric) => {
    const { name, type, labelNames } = metric as unknown as {
      name: string;
      type: string;
      labelNames: string[];
    };
    return [name, type, ...labelNames].join(" ");
  });
  const [, section = ""] =
    /^## Metrics\n([^]*?)(?=\n## |(?![^]))/m.exec(await readFile("docs/monitoring.md", "utf8")) ?? [];
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.map((row) => {
    const [, name = "", type = "", labels = ""] = row
      .split("|")
      .map((cell) => cell.replaceAll(/[`,]/g, "").trim());
    return [name, type, labels].join(" ").trim();
  });
  expect(listed.toSorted()).toEqual(found.toSorted());
});
