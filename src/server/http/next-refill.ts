import { headers } from "../../protocol/replies.ts";
import { isoSecond } from "../core/iso-second.ts";
import type { Balance } from "../core/ports.ts";

/** The headers of the account's next refill (docs/http-api.md#refills). */
export function pushNext(head: string[], next: Balance["next"]): void {
  if (next) head.push(headers.next, String(next.tokens), headers.nextAt, isoSecond(next.at));
}
