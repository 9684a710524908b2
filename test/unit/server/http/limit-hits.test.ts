import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLimitHits } from "../../../../src/server/http/limit-hits.ts";

let said: string[];
let hit: ReturnType<typeof createLimitHits>;
beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  hit = createLimitHits((sentence) => void said.push(sentence));
});
afterEach(() => void vi.useRealTimers());

const minute = () => vi.advanceTimersByTime(60_000);
const since = () => said.splice(0);

test("the first refusal of a limit is told at once, and alone it has no sum", () => {
  hit("login", "192.0.2.1");
  expect(since()).toEqual(["The limit login refused a request from 192.0.2.1."]);
  minute();
  minute();
  expect(since()).toEqual([]);
  hit("login", "");
  expect(since()).toEqual(["The limit login refused a request from this machine."]);
});

test("more of them are one line a minute with the five addresses that have most, until a minute without any", () => {
  for (let address = 1; address <= 7; address += 1)
    for (let time = 0; time < address * 300; time += 1) hit("login", `192.0.2.${address}`);
  since();
  minute();
  expect(since()).toEqual([
    "The limit login refused 8,400 requests in the last minute, most from 192.0.2.7 (2,100), 192.0.2.6 (1,800), 192.0.2.5 (1,500), 192.0.2.4 (1,200), 192.0.2.3 (900).",
  ]);
  hit("login", "192.0.2.1");
  expect(since()).toEqual([]);
  minute();
  expect(since()).toEqual(["The limit login refused 1 request in the last minute, most from 192.0.2.1 (1)."]);
  minute();
  expect(since()).toEqual([]);
  hit("login", "192.0.2.1");
  expect(since()).toEqual(["The limit login refused a request from 192.0.2.1."]);
});

test("each limit has its own line", () => {
  for (const limit of ["login", "register"]) for (let time = 0; time < 2; time += 1) hit(limit, "192.0.2.1");
  expect(since()).toHaveLength(2);
  minute();
  expect(since().map((line) => line.split(" ")[2])).toEqual(["login", "register"]);
});

test("a flood from ever new addresses is counted whole", () => {
  for (let address = 0; address < 20_000; address += 1) hit("login", `address ${address}`);
  since();
  minute();
  expect(since()[0]).toContain("refused 20,000 requests");
});
