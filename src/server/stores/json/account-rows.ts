import { foldName } from "../../core/fold-name.ts";
import type { AccountRow } from "../../core/operations.ts";
import type { AccountId } from "../../core/ports.ts";
import type { AccountBook, Books } from "./books.ts";
import { tokensDue } from "./refills.ts";

/** Accounts of a page. Questions are answered between two pages. */
const PAGE = 200;

/** What an operator sees of the books. `held`: tokens of an account's open questions. */
interface Shown {
  books: Books;
  held: (account: AccountId) => number;
  now: () => number;
}

/** The accounts but deleted ones, in pages. */
export function* accountPages(shown: Shown): Generator<AccountRow[]> {
  let page: AccountRow[] = [];
  for (const book of shown.books.accounts.values()) {
    if (book.deleted) continue;
    page.push(rowOf(book, shown));
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** By its name in any ASCII case; a deleted one by its pseudonym. */
export function accountRow(shown: Shown, name: string): AccountRow | undefined {
  const book = shown.books.names.get(foldName(name));
  return book && { ...rowOf(book, shown), apiKeys: shown.books.apiKeys.liveOf(book.id).length };
}

function rowOf(book: AccountBook, { books, held, now }: Shown): AccountRow {
  const { id, name: username, tokens, used, created, lastQuestion, disabled } = book;
  const due = tokensDue(books.refills, book, now());
  return { id, username, tokens, held: held(id), used, created, lastQuestion, disabled, due };
}
