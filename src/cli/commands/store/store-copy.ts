import { ClientError } from "../../../client/failure.ts";
import { copyStore } from "../../../server/local.ts";
import { shellWord } from "../../../text/shell-word.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { Call } from "../../argv/call.ts";
import type { CopyDocument } from "./document.ts";
import { counted } from "../../../text/numbers.ts";
import { refusePassword } from "../../connection/server-config.ts";

function placesOf({ words, program, values }: Pick<Call, "words" | "program" | "values">): {
  from: string;
  to: string;
} {
  const [, from, to] = words;
  if (from === undefined || to === undefined || words.length > 3)
    throw new ClientError("usage", "store copy takes two stores: from where, and to where.", {
      hint: `For instance: ${program.name} store copy /srv/ai-chat postgres://chat@db.example.org/chat`,
    });
  for (const place of [from, to]) refusePassword(place, `${program.name} store copy`);
  if (values.ledgerKey !== undefined && /^\w+:\/\//.test(from))
    throw new ClientError("usage", "A ledger key protects a data folder, not a database.", {
      hint: "Leave --ledger-key and AI_CHAT_LEDGER_KEY out. A folder gets its key when its server starts with it.",
    });
  return { from, to };
}

/**
 * `store copy FROM TO`: copies a data folder into Postgres, or back. No server may run on either. The target must be
 * empty; a copy that fails or is interrupted leaves nothing in it.
 */
export async function copyStores(call: Call): Promise<number> {
  const { output, signal, program, values } = call;
  const places = placesOf(call);
  const { accounts, entries, tokens, from, to } = await copyStore({
    ...places,
    warn: output.note,
    signal,
    ledgerKey: values.ledgerKey,
  }).catch((error: unknown) => {
    const again = [places.from, places.to].map(shellWord).join(" ");
    if (!signal.aborted || error !== signal.reason)
      throw asOwner(error, () => `${program.name} store copy ${again}`);
    throw new ClientError("interrupted", "Interrupted. The copy was discarded.", {
      hint: `To start over: ${program.name} store copy ${places.from} ${places.to}`,
    });
  });
  if (output.json) await output.document({ from, to, accounts, entries, tokens } satisfies CopyDocument);
  else {
    await output.line(
      `Copied ${counted(accounts, "account")} with ${counted(tokens, "token")} and ${counted(entries, "ledger line")}.\n` +
        `  from  ${from}\n  to    ${to}\nThe sums of both sides agree. Start the servers on the new store, and keep the old one as a backup.`,
    );
  }
  return 0;
}
