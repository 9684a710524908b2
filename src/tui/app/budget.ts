/** The rows that the parts of the live area need. */
interface NeededRows {
  composer: number;
  menu: number;
  hint: number;
  working: number;
  queue?: number;
  form: number;
  /** 1, or 0 if a blank row is above already. */
  gap?: number;
}

/** The rows that they get; together at most the screen's rows − 1 (docs/session.md#live-area). */
interface SharedRows extends NeededRows {
  status: number;
  queue: number;
  /** An empty row above the composer. */
  gap: number;
  tail: number;
}

/** Largest part of the screen for the composer. */
const MOST_COMPOSER_SHARE = 0.4;
const MOST_TAIL = 12;
/** Rows of the menu that a hint leaves free: one conversation on a narrow screen. */
const FEWEST_MENU = 2;

/**
 * Distributes the rows of the screen: first to the form or the composer, then to status, hint, queue, progress and menu. The rest
 * goes to the unfinished end of the answer, but at most 12 rows, so that the screen stays calm.
 */
export function shareRows(screen: number, { gap: wanted = 1, ...needed }: NeededRows): SharedRows {
  let left = Math.max(1, screen - 1);
  const take = (rows: number) => {
    const taken = Math.max(0, Math.min(rows, left));
    left -= taken;
    return taken;
  };
  const form = take(needed.form);
  const composer = take(Math.min(needed.composer, Math.ceil(left * MOST_COMPOSER_SHARE)));
  const status = take(1);
  // On a low screen, the first rows of the menu are more important than the hint about it.
  const hint = take(Math.min(needed.hint, left - Math.min(needed.menu, FEWEST_MENU)));
  const queue = take(needed.queue ?? 0);
  const working = take(needed.working);
  const menu = take(left > 3 ? Math.min(needed.menu, left - 1) : needed.menu);
  const gap = take(screen >= 8 ? wanted : 0);
  return { form, composer, status, hint, queue, working, menu, gap, tail: take(MOST_TAIL) };
}
