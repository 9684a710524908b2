import { expect, test } from "vitest";
import { createHolds } from "../../../../../src/server/stores/json/holds.ts";

const hold = {
  account: "jane",
  price: 100,
  model: "small",
  expires: 1000,
  key: undefined,
  apiKey: undefined,
  paid: false,
};

test("a hold frees its tokens when it expires", () => {
  const holds = createHolds();
  holds.open({ ...hold, id: "h1" });
  expect(holds.held("jane", 999)).toBe(100);
  expect(holds.held("jane", 1000)).toBe(0);
});

test("a hold that expires while its charge is written keeps its tokens until that has ended", () => {
  const holds = createHolds();
  holds.open({ ...hold, id: "h1", charging: new Promise(() => {}) });
  expect(holds.held("jane", 1000)).toBe(100);
  holds.settle("h1");
  expect(holds.held("jane", 1000)).toBe(0);
});
