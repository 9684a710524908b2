/** The rows that the parts of the live area need. */
export interface Wanted {
  composer: number;
  menu: number;
  hint: number;
  working: number;
  form: number;
}

/** The rows that they get; together at most the screen's rows − 1 (TERMINAL.md §2, 1). */
export interface Rows extends Wanted {
  status: number;
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
 * Distributes the rows of the screen: first to the form or the composer, then to status, hint, progress and menu. The rest
 * goes to the unfinished end of the answer, but at most 12 rows, so that the screen stays calm.
 */
export function shareRows(screen: number, wanted: Wanted): Rows {
  let left = Math.max(1, screen - 1);
  const take = (rows: number) => {
    const taken = Math.max(0, Math.min(rows, left));
    left -= taken;
    return taken;
  };
  const form = take(wanted.form);
  const composer = take(Math.min(wanted.composer, Math.ceil(left * MOST_COMPOSER_SHARE)));
  const status = take(1);
  // On a low screen, the first rows of the menu are more important than the hint about it.
  const hint = take(Math.min(wanted.hint, left - Math.min(wanted.menu, FEWEST_MENU)));
  const working = take(wanted.working);
  const menu = take(left > 3 ? Math.min(wanted.menu, left - 1) : wanted.menu);
  const gap = take(screen >= 8 ? 1 : 0);
  return { form, composer, status, hint, working, menu, gap, tail: take(MOST_TAIL) };
}
