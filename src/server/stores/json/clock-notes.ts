import { clockSentence, EARLIEST, LATEST_MS } from "../clock.ts";
import type { Books } from "./books.ts";
import { LEDGER } from "./damage.ts";

/** A sentence about a time of the ledger that cannot be right, however many there are; none if all can be. */
export function clockNotes({ earliest, latest, before }: Books, now: number): string[] {
  const [wrong] = [
    ...(latest.at > now + LATEST_MS ? [latest] : []),
    ...(earliest.at < EARLIEST ? [earliest] : []),
  ];
  // Line 1 is the header.
  return wrong ? [clockSentence(`${LEDGER}, line ${wrong.n - before + 1}`, wrong.at)] : [];
}
