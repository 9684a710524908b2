import { readFileSync } from "node:fs";
import { collectDefaultMetrics, Registry } from "prom-client";
import { beforeAll, describe, expect, test } from "vitest";
import { root } from "../../support/pages.ts";

/** docs/monitoring.md#alerts-and-dashboard */

const read = (path: string) => readFileSync(root + path, "utf8");

interface Metric {
  type: string;
  labels: string[];
}

/** By name, as docs/monitoring.md#metrics lists them, which test/unit/server/metrics/ compares with the registry. */
const metrics = new Map<string, Metric>();
beforeAll(async () => {
  const rows = read("docs/monitoring.md").matchAll(/^\| `(ai_chat_\w+)` \| (\w+) \|([^|]*)\|/gm);
  for (const [, name = "", type = "", labels = ""] of rows)
    metrics.set(name, { type, labels: labels.match(/\w+/g) ?? [] });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name, type } of await registry.getMetricsAsJSON())
    metrics.set(name, { type: String(type), labels: [] });
  metrics.set("up", { type: "gauge", labels: [] });
});

/** What Prometheus adds to each series. */
const ADDED = ["job", "instance"];
const WORDS = new Set("by or and sum min max rate increase histogram_quantile".split(" "));

/** The metric of a series; a histogram is three. */
function metricOf(series: string): Metric & { name: string } {
  const name = series.replace(/_(bucket|sum|count)$/, "");
  const metric = metrics.get(series) ?? metrics.get(name);
  if (!metric) throw new Error(`no metric is ${series}`);
  if ((metric.type === "histogram") !== (series !== name && metrics.get(series) === undefined))
    throw new Error(`${series} is no series of a ${metric.type}`);
  const le = series.endsWith("_bucket") ? ["le"] : [];
  return { ...metric, name, labels: [...metric.labels, ...ADDED, ...le] };
}

/** What is wrong with an expression, or with a text that names labels of its series. */
function faultsOf(expression: string, texts: string[]): string[] {
  const faults: string[] = [];
  const known = new Set<string>();
  const bare = expression
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/(\w+)\{([^}]*)\}/g, (_, series: string, matchers: string) => {
      const { labels } = metricOf(series);
      const named = [...matchers.matchAll(/(\w+)[=!]/g)].map(([, label = ""]) => label);
      faults.push(...named.filter((label) => !labels.includes(label)));
      return series;
    });
  const grouped = [...bare.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
  for (const [word] of bare.replaceAll(/\bby \([^)]*\)/g, "").matchAll(/[a-z]\w*/gi))
    if (!WORDS.has(word)) for (const label of metricOf(word).labels) known.add(label);
  const named = texts.flatMap((text) =>
    [...text.matchAll(/\{\{ *(?:\$labels\.)?(\w+) *\}\}/g)].map(([, label = ""]) => label),
  );
  return [...faults, ...[...grouped, ...named].filter((label) => !known.has(label))];
}

interface Alert {
  name: string;
  expr: string;
  text: string;
}

/** The alerts of the file, of whose YAML each line must be of one of few forms. */
function readAlerts(): Alert[] {
  const alerts: Alert[] = [];
  for (const line of read("ops/prometheus-alerts.yml").trimEnd().split("\n")) {
    const [, name] = /^ {6}- alert: ([A-Za-z]+)$/.exec(line) ?? [];
    if (name !== undefined) alerts.push({ name, expr: "", text: "" });
    const alert = alerts.at(-1);
    const [, key, text] = /^ {10}(summary|description): (".*")$/.exec(line) ?? [];
    if (alert && key !== undefined) alert.text += `${key}: ${JSON.parse(text!) as string}\n`;
    else if (alert && /^ {10}\S/.test(line) && !line.includes("severity: ")) alert.expr += `${line.trim()} `;
    else if (name === undefined)
      expect(line).toMatch(
        /^(#.*|groups:| {2}- name: ai-chat| {4}rules:| {8}expr: \|| {8}for: \d+m| {8}(labels|annotations):| {10}severity: (critical|warning))$/,
      );
  }
  return alerts;
}

describe("the alerts", () => {
  const alerts = readAlerts();

  test("are three, each with a summary and what to do", () => {
    expect(alerts.map(({ name }) => name)).toEqual(["AiChatAiFailing", "AiChatDown", "AiChatOverloaded"]);
    for (const { text } of alerts) expect(text).toMatch(/^summary: .+\ndescription: .+\n$/);
  });

  test.each(alerts)("$name asks for metrics and labels that exist", ({ expr, text }) => {
    expect(expr).not.toBe("");
    expect(faultsOf(expr, [text])).toEqual([]);
  });
});

interface Panel {
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string; legendFormat: string; datasource: { uid: string } }[];
}

describe("the dashboard", () => {
  const { panels, templating } = JSON.parse(read("ops/grafana-dashboard.json")) as {
    panels: Panel[];
    templating: { list: { name: string; type: string }[] };
  };

  test("has one variable, the data source, which every panel uses", () => {
    expect(templating.list).toMatchObject([{ name: "datasource", type: "datasource" }]);
    for (const { targets } of panels)
      for (const { datasource } of targets) expect(datasource.uid).toBe("${datasource}");
  });

  test.each(panels)("$title asks for metrics and labels that exist", ({ targets }) => {
    expect(targets).not.toEqual([]);
    for (const { expr, legendFormat } of targets) expect(faultsOf(expr, [legendFormat])).toEqual([]);
  });

  test("has no panel on top of another", () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)} ${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});

test("a name or a label that does not exist is found", () => {
  expect(() => faultsOf("rate(ai_chat_nothing_total[5m])", [])).toThrow("no metric is ai_chat_nothing_total");
  expect(() => faultsOf("rate(ai_chat_ai_seconds[5m])", [])).toThrow("no series of a histogram");
  expect(faultsOf('sum by (model, moon) (ai_chat_ai_failing{sun="1"})', ["{{stars}}"])).toEqual([
    "sun",
    "moon",
    "stars",
  ]);
});

test("the kinds of failures are listed in docs/monitoring.md", async () => {
  const { AI_FAILURES } = await import("../../../src/server/core/ai-calls.ts");
  const [, page = ""] = read("docs/monitoring.md").split("## The state of the AI");
  const [section = ""] = page.split("\n## ");
  const kinds = [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, kind]) => kind);
  expect(kinds).toEqual([...AI_FAILURES]);
});
