/** What waits for its turn. */
export interface Line<T> {
  readonly size: number;
  add(item: T): void;
  /** Takes the item whose turn it is. */
  next(): T | undefined;
  /** Takes the newest item of those who have the most; `last` is the one that was added last. */
  crowd(last: T): T | undefined;
  remove(item: T): void;
}

/** First come, first served. */
class Fifo<T> implements Line<T> {
  readonly #items: T[] = [];
  get size(): number {
    return this.#items.length;
  }
  add(item: T): void {
    this.#items.push(item);
  }
  next(): T | undefined {
    return this.#items.shift();
  }
  crowd(): T | undefined {
    return this.#items.pop();
  }
  remove(item: T): void {
    const at = this.#items.indexOf(item);
    if (at >= 0) this.#items.splice(at, 1);
  }
}

/** The items of one key. `turns`: one for each of them, ascending. */
interface Group<T> {
  turns: number[];
  line: Line<T>;
}

/**
 * Serves one item of each key before a second one of any (start-time fair queueing), and the items of one key by the
 * next of `keys`.
 */
class Fair<T> implements Line<T> {
  readonly #key: (item: T) => string;
  readonly #others: Keys<T>;
  readonly #groups = new Map<string, Group<T>>();
  /** The turn that was served last. A key that comes back is served with those that wait for their next one. */
  #now = 0;
  size = 0;

  constructor([key, ...others]: [Key<T>, ...Key<T>[]]) {
    this.#key = key;
    this.#others = others;
  }

  add(item: T): void {
    const key = this.#key(item);
    const group = this.#groups.get(key) ?? { turns: [], line: createLine(this.#others) };
    const last = group.turns.at(-1);
    group.turns.push(last === undefined ? this.#now : last + 1);
    group.line.add(item);
    this.#groups.set(key, group);
    this.size += 1;
  }

  next(): T | undefined {
    let first: [key: string, group: Group<T>] | undefined;
    for (const entry of this.#groups)
      if (first === undefined || entry[1].turns[0]! < first[1].turns[0]!) first = entry;
    if (first === undefined) return undefined;
    const [key, group] = first;
    this.#now = group.turns.shift()!;
    const item = group.line.next();
    this.#shrink(key, group);
    return item;
  }

  crowd(last: T): T | undefined {
    let key = this.#key(last);
    for (const [other, { line }] of this.#groups)
      if (line.size > (this.#groups.get(key)?.line.size ?? 0)) key = other;
    const group = this.#groups.get(key);
    if (group === undefined) return undefined;
    group.turns.pop();
    const item = group.line.crowd(last);
    this.#shrink(key, group);
    return item;
  }

  remove(item: T): void {
    const key = this.#key(item);
    const group = this.#groups.get(key);
    const before = group?.line.size;
    group?.line.remove(item);
    if (group === undefined || group.line.size === before) return;
    group.turns.pop();
    this.#shrink(key, group);
  }

  #shrink(key: string, { line }: Group<T>): void {
    this.size -= 1;
    if (line.size === 0) this.#groups.delete(key);
  }
}

type Key<T> = (item: T) => string;
type Keys<T> = Key<T>[];

/** A line that is fair by the first key, among the items of one such key by the second, and so on. */
export function createLine<T>(keys: Keys<T>): Line<T> {
  const [first, ...others] = keys;
  return first === undefined ? new Fifo() : new Fair([first, ...others]);
}
