/** Whether the value is an object with names: no array, not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses JSON; `undefined` for anything else. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A count, such as tokens, told as a number or as a string of digits (`"3900.00"` too: some frameworks write decimals
 * so). What no count can be (negative, broken, beyond what a number holds exactly) is unknown: `null`.
 */
export function told(value: unknown): number | null {
  if (typeof value === "string" && !/^\s*\d{1,16}(\.0{1,6})?\s*$/.test(value)) return null;
  const count = typeof value === "string" ? Number(value) : value;
  return typeof count === "number" && Number.isSafeInteger(count) && count >= 0 ? count : null;
}

/** The value as an object with names, else `undefined`. */
export function record(value: unknown): Record<string, unknown> | undefined {
  return isRecord(value) ? value : undefined;
}
