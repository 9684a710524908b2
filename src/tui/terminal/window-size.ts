/** The size of a terminal, and whether it keeps changing. */
export interface WindowSize {
  /** The real size, 80 by 24 if it is unknown. */
  now(): Size;
  /** While sizes keep changing, the smallest of them; else the real one. */
  smallest(): Size;
  readonly isChanging: boolean;
  /** Sizes count as quiet from now on. */
  settle(): void;
  close(): void;
}

export type Size = { columns: number; rows: number };

interface Listener {
  /** At each change. */
  changed(size: Size): void;
  /** When sizes begin to change, and when one of them is smaller than those before. */
  smaller(): void;
  /** After each second in which sizes have kept changing. */
  longer(): void;
  /** Sizes have been quiet for a moment. */
  quiet(): void;
}

/** Milliseconds without a new size after which sizes are quiet: after one change, and after several. */
export type Quiet = { once: number; several: number };

const USUAL: Quiet = { once: 100, several: 250 };
const LONG_MS = 1_000;

/** Follows the size of a terminal. `before` is the size for which was drawn last. */
export function followSize(
  real: NodeJS.WriteStream,
  listener: Listener,
  before: () => Size | undefined,
  quiet = USUAL,
): WindowSize {
  let changing: (Size & { since: number }) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const now = () => ({ columns: real.columns || 80, rows: real.rows || 24 });

  const settle = () => {
    clearTimeout(timer);
    changing = undefined;
  };
  const end = () => {
    settle();
    listener.quiet();
  };
  const onResize = () => {
    const size = now();
    listener.changed(size);
    const old = changing ?? before() ?? size;
    const isSmaller = !changing || size.columns < old.columns || size.rows < old.rows;
    clearTimeout(timer);
    timer = setTimeout(end, changing ? quiet.several : quiet.once);
    changing = {
      columns: Math.min(size.columns, old.columns),
      rows: Math.min(size.rows, old.rows),
      since: changing?.since ?? performance.now(),
    };
    if (isSmaller) listener.smaller();
    if (performance.now() - changing.since < LONG_MS) return;
    changing.since = performance.now();
    listener.longer();
  };
  real.on("resize", onResize);

  return {
    now,
    smallest: () => changing ?? now(),
    get isChanging() {
      return changing !== undefined;
    },
    settle,
    close() {
      settle();
      real.off("resize", onResize);
    },
  };
}
