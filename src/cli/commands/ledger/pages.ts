import { setTimeout as pause } from "node:timers/promises";

/** Most items of a page. */
const PAGE = 500;

/**
 * Items in pages. `patience`: milliseconds after which a page that is not full is given; without it, only the last one may
 * have fewer.
 */
export async function* pagesOf<T>(items: AsyncIterable<T>, patience?: number): AsyncIterable<T[]> {
  const rest = items[Symbol.asyncIterator]();
  const take = () => {
    const taken = rest.next();
    // It is awaited later, or never if nobody wants more pages.
    taken.catch(() => {});
    return taken;
  };
  try {
    for (let next = take(), isEnd = false; !isEnd;) {
      const page: T[] = [];
      let late: Promise<undefined> | undefined;
      while (page.length < PAGE) {
        const got = await (late ? Promise.race([next, late]) : next);
        isEnd = got?.done === true;
        if (!got || got.done) break;
        page.push(got.value);
        next = take();
        if (patience !== undefined) late ??= pause(patience, undefined);
      }
      if (page.length > 0) yield page;
    }
  } finally {
    await rest.return?.();
  }
}
