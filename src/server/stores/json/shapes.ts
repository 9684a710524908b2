export const text = (value: unknown) => typeof value === "string";
export const filled = (value: unknown) => typeof value === "string" && value !== "";
export const whole = (value: unknown) => Number.isSafeInteger(value);
export const count = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
export const countOrNull = (value: unknown) => value === null || count(value);
export const debit = (value: unknown) => Number.isSafeInteger(value) && (value as number) <= 0;
export const textOrNull = (value: unknown) => value === null || text(value);
export const period = (value: unknown) => value === "day" || value === "week" || value === "month";
export const flag = (value: unknown) => typeof value === "boolean";
export const digest = (value: unknown) => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
export const time = (value: unknown) => typeof value === "string" && isoTime(value) !== undefined;

export const isTrue = (value: unknown) => value === true;
export const timeOrNull = (value: unknown) => value === null || time(value);

/** Fields in their order, and what each of them may be. */
export type Shape = Record<string, (value: unknown) => boolean>;

/** A list of objects, each with the fields of one of the shapes. */
export const listOf =
  (...shapes: Shape[]) =>
  (value: unknown): boolean =>
    Array.isArray(value) && value.every((item) => shapes.some((shape) => fits(shape, item)));

/** An object with the fields of the shape, or null. */
export const orNull =
  (shape: Shape) =>
  (value: unknown): boolean =>
    value === null || fits(shape, value);

function fits(shape: Shape, item: unknown): boolean {
  if (typeof item !== "object" || item === null) return false;
  return (
    sameList(Object.keys(item), Object.keys(shape)) &&
    Object.entries(item).every(([field, value]) => shape[field]?.(value))
  );
}

let latest = { ms: 0, text: "1970-01-01T00:00:00.000Z" };

/** `2026-11-22T10:00:00.000Z`. The facts of one batch have the same time, so the last one is kept. */
export function isoText(ms: number): string {
  if (ms !== latest.ms) latest = { ms, text: new Date(ms).toISOString() };
  return latest.text;
}

/** Milliseconds since the epoch; undefined for text that `isoText` does not write. */
export function isoTime(written: string): number | undefined {
  const ms = Date.parse(written);
  return Number.isNaN(ms) || isoText(ms) !== written ? undefined : ms;
}

export function sameList(a: string[], b: string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
