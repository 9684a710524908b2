import { expect, test } from "vitest";
import { Bag, type Entry } from "../../../../src/server/core/bag.ts";

test("a bag has what was added and not removed, in whichever order that happened", () => {
  const bag = new Bag<number>();
  let entries: Entry<number>[] = [];
  // A fixed sequence of numbers that looks random (the generator of Park and Miller).
  let seed = 1;
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let step = 0; step < 1_000; step += 1) {
    if (entries.length === 0 || random(5) < (step % 100 < 50 ? 3 : 2)) entries.push(bag.add(step));
    else {
      const removed = entries[random(entries.length)]!;
      bag.remove(removed);
      entries = entries.filter((entry) => entry !== removed);
    }
    expect(bag.size).toBe(entries.length);
    expect(bag.items().toSorted((a, b) => a - b)).toEqual(entries.map(({ item }) => item));
  }
});
