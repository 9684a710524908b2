import { describe, expect, it } from "vitest";
import { told } from "../../../src/text/loose-json.ts";

describe("told", () => {
  it.each([
    [0, 0],
    [3900, 3900],
    ["3900", 3900],
    [" 3900.00 ", 3900],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])("takes %j for a count", (value, count) => {
    expect(told(value)).toBe(count);
  });

  it.each([
    -1,
    0.5,
    1e16,
    1e300,
    NaN,
    Infinity,
    "-1",
    "0.5",
    "3,900",
    "1e3",
    "0x10",
    "",
    " ",
    "99999999999999999999",
    "9999999999999999",
    "many",
    true,
    null,
    undefined,
    [],
    [5],
    {},
  ])("knows nothing from %j", (value) => {
    expect(told(value)).toBeNull();
  });
});
