/** Rows that the parts of the live area would like to have. */
export interface Wanted {
  composer: number;
  menu: number;
  hint: number;
  working: number;
  form: number;
}

/** Rows that they get; together at most the screen's rows − 1 (TERMINAL.md §2, 1). */
export interface Rows extends Wanted {
  status: number;
  /** An empty row between the text and the composer. */
  gap: number;
  tail: number;
}

/** Rows of the composer that there always is room for, so that what is typed can be read. */
const MOST_COMPOSER_SHARE = 0.4;
const MOST_TAIL = 12;
/** Rows of the menu that a hint leaves it: one conversation to choose, on a narrow screen. */
const FEWEST_MENU = 2;

/**
 * Shares the screen out: first the row that is typed in, then the status, what is said to the last key, the menu; what
 * is left goes to the unfinished end of the answer, at most 12 rows, since a calm screen matters more than a few words.
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
  // What is chosen from comes before the words about it, on a screen that is too low for both.
  const hint = take(Math.min(wanted.hint, left - Math.min(wanted.menu, FEWEST_MENU)));
  const working = take(wanted.working);
  const menu = take(left > 3 ? Math.min(wanted.menu, left - 1) : wanted.menu);
  const gap = take(screen >= 8 ? 1 : 0);
  return { form, composer, status, hint, working, menu, gap, tail: take(MOST_TAIL) };
}
