import { expect, test } from "vitest";
import { createScrape } from "../../../../src/server/metrics/scrape.ts";
import { gate } from "../../../http/wired-server.ts";

test("collects once at a time, and those that come meanwhile share the next collection", async () => {
  const ends = [gate<string>(), gate<string>()];
  const begun = [gate(), gate()];
  let collections = 0;
  const scrape = createScrape(() => {
    const at = collections++;
    begun[at]!.open();
    return ends[at]!.opened;
  });
  const first = scrape();
  await begun[0]!.opened;
  const later = [scrape(), scrape(), scrape()];
  expect(collections).toBe(1);
  ends[0]!.open("one");
  expect(await first).toBe("one");
  ends[1]!.open("two");
  expect(await Promise.all(later)).toEqual(["two", "two", "two"]);
  expect(collections).toBe(2);
});

test("goes on after a collection that failed", async () => {
  let collections = 0;
  const scrape = createScrape(async () => {
    collections += 1;
    if (collections === 1) throw new Error("broken");
    return "text";
  });
  await expect(scrape()).rejects.toThrow("broken");
  expect(await scrape()).toBe("text");
});
