/** Where a {@link Bag} has an item. */
export interface Entry<Item> {
  readonly item: Item;
  at: number;
}

/**
 * What is under way, in no order. Not a `Set` or a `Map`: when V8 replaces the table of one, the old table points to the new
 * one, and still holds what was in it then. After a full garbage collection the tables form a chain in old space that
 * keeps everything that enters from then on, however briefly, until the next full collection.
 */
export class Bag<Item> {
  readonly #entries: Entry<Item>[] = [];

  add(item: Item): Entry<Item> {
    const entry = { item, at: this.#entries.length };
    this.#entries.push(entry);
    return entry;
  }

  /** To be called once for each entry. */
  remove(entry: Entry<Item>): void {
    const last = this.#entries.pop()!;
    if (last === entry) return;
    this.#entries[entry.at] = last;
    last.at = entry.at;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** How many items fit. */
  count(fits: (item: Item) => boolean): number {
    let count = 0;
    for (const { item } of this.#entries) if (fits(item)) count += 1;
    return count;
  }

  /** The items now. */
  items(): Item[] {
    return this.#entries.map(({ item }) => item);
  }
}
