import type { DayOfUse, Usage } from "./contract.ts";
import { record, told } from "../../text/loose-json.ts";

/** What was used, out of a server's reply (docs/http-api.md#usage); undefined where any part of it isn't that. */
export function usageOf(body: Record<string, unknown> | undefined, by?: "key" | "model"): Usage | undefined {
  if (!Array.isArray(body?.days)) return undefined;
  const days = body.days.map(dayOf).filter((day) => day !== undefined);
  if (days.length < body.days.length) return undefined;
  const used: Usage = { tokens: told(body.tokens), days };
  if (by === undefined) return used;
  const sums = by === "key" ? body.keys : body.models;
  return Array.isArray(sums) ? { ...used, by: sums.flatMap(sumOf) } : undefined;
}

function sumOf(value: unknown): NonNullable<Usage["by"]> {
  const sum = record(value);
  const [questions, tokens] = [told(sum?.questions), told(sum?.tokens)];
  const name = typeof sum?.name === "string" ? sum.name : null;
  return questions === null || tokens === null ? [] : [{ name, questions, tokens }];
}

function dayOf(value: unknown): DayOfUse | undefined {
  const day = record(value);
  const [questions, tokens] = [told(day?.questions), told(day?.tokens)];
  if (typeof day?.date !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(day.date)) return undefined;
  return questions === null || tokens === null ? undefined : { date: day.date, questions, tokens };
}
