import { ClientError } from "../../../client/failure.ts";
import { rotateSecret } from "../../../server/local.ts";
import { shellWord } from "../../../text/shell-word.ts";
import type { Call } from "../../argv/call.ts";
import { refusePassword } from "../../connection/server-config.ts";
import { asOwner } from "../../failures/as-owner.ts";
import type { RotatedDocument } from "./document.ts";

function storeOf({ words, program }: Pick<Call, "words" | "program">): string {
  const [, store] = words;
  if (store === undefined || words.length > 2)
    throw new ClientError("usage", "store rotate-secret takes one store: a folder or a database.", {
      hint: `For instance: ${program.name} store rotate-secret /srv/ai-chat`,
    });
  refusePassword(store, `${program.name} store rotate-secret`);
  return store;
}

/**
 * `store rotate-secret STORE`: makes a new secret that signs tokens (docs/hosting.md#end-all-logins). Servers may be
 * running; each takes it by itself.
 */
export async function rotate(call: Call): Promise<number> {
  const { output, signal, program, values } = call;
  const store = storeOf(call);
  const options = { store, end: values.now, now: Date.now(), signal };
  const place = await rotateSecret(options).catch((error: unknown) => {
    const again = `${program.name} store rotate-secret ${shellWord(store)}${values.now ? " --now" : ""}`;
    throw asOwner(error, () => again);
  });
  if (place === undefined)
    throw new ClientError("usage", "There is no signing secret in this store.", {
      hint: "A server makes one at its first start, unless AI_CHAT_JWT_SECRET is set. Then put a new secret in front of the one in there, and restart the server.",
    });
  output.note("A server with AI_CHAT_JWT_SECRET does not use it. Change that value too.");
  if (output.json) await output.document({ store: place, ended: values.now } satisfies RotatedDocument);
  else
    await output.line(
      values.now
        ? "A new secret signs tokens, and everybody has to log in again. A running server takes it within 2 seconds."
        : "A new secret signs tokens from 10 seconds on. Logins that were made before last until they expire.",
    );
  return 0;
}
