import { expect, test } from "vitest";
import { pagesOf } from "../../../../../src/cli/commands/ledger/pages.ts";

async function* upTo(count: number) {
  for (let n = 1; n <= count; n += 1) yield n;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test.each([0, 1, 499, 500, 501, 1500])(
  "%i items come once, in order, in pages that are full",
  async (count) => {
    const pages = await all(pagesOf(upTo(count)));
    expect(pages.flat()).toEqual(await all(upTo(count)));
    expect(pages.slice(0, -1).every(({ length }) => length === 500)).toBe(true);
    expect(pages.every(({ length }) => length > 0)).toBe(true);
  },
);

test("with patience, what came is shown while the next is awaited", async () => {
  let give!: () => void;
  const given = new Promise<void>((resolve) => (give = resolve));
  async function* slow() {
    yield* upTo(2);
    await given;
    yield 3;
  }
  const pages = pagesOf(slow(), 1)[Symbol.asyncIterator]();
  const shown: number[] = [];
  while (shown.length < 2) shown.push(...((await pages.next()).value as number[]));
  expect(shown).toEqual([1, 2]);
  give();
  expect((await pages.next()).value).toEqual([3]);
  expect((await pages.next()).done).toBe(true);
});

test("the source is ended with the last page that is wanted, and its failure is passed on", async () => {
  let ended = 0;
  async function* source() {
    try {
      yield* upTo(500);
      throw new Error("damage");
    } finally {
      ended += 1;
    }
  }
  for await (const page of pagesOf(source())) {
    expect(page).toHaveLength(500);
    break;
  }
  expect(ended).toBe(1);
  await expect(all(pagesOf(source()))).rejects.toThrow("damage");
  expect(ended).toBe(2);
});
