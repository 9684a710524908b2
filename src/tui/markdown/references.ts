import type { Tokens } from "marked";

/** What one part of an answer says about others: the addresses of `[text][label]`, and the numbers of `[^label]`. */
export interface References {
  links: Record<string, Pick<Tokens.Link, "href" | "title">>;
  notes: Map<string, number>;
}

export function createReferences(): References {
  return { links: Object.create(null) as References["links"], notes: new Map() };
}

/** A copy for text that is still incomplete: what it defines may change. */
export function copyOf({ links, notes }: References): References {
  return { links: Object.assign(createReferences().links, links), notes: new Map(notes) };
}

/** Whether a label is surely one of a footnote: `x[^a]` and `[^a-z]` can be something else. */
export const isNoteLabel = (label: string): boolean => /^(?:\d+|\w{2,})$/.test(label);

/** The number of a footnote, by the order in which footnotes first occur. */
export function noteNumber({ notes }: References, label: string): number {
  const number = notes.get(label) ?? notes.size + 1;
  notes.set(label, number);
  return number;
}
