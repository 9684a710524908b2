/** Milliseconds since the epoch as ISO 8601 in UTC with seconds: `2026-11-26T00:00:00Z`. */
export const isoSecond = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
