import { ClientError } from "../../../client/failure.ts";
import type { ApiKeyInfo, ListedApiKey } from "../../../client/http/api-keys.ts";
import type { ApiClient } from "../../../client/http/contract.ts";
import type { Period } from "../../../protocol/refill.ts";
import { counted, grouped } from "../../../text/numbers.ts";
import { repeatable } from "../../../text/repeatable.ts";
import { oneLine } from "../../../text/sanitize.ts";
import type { Call } from "../../argv/call.ts";
import { typedCommand } from "../../connection/chosen-server.ts";
import { withTarget } from "../../connection/target.ts";
import type { CreatedKeyDocument, KeysDocument, RevokedKeyDocument } from "./document.ts";

type Action = (call: Call, client: ApiClient, words: readonly string[]) => Promise<void>;

const wrong = ({ program }: Call, message: string) =>
  new ClientError("usage", message, { hint: `See: ${program.name} keys --help` });

const minuteOf = (iso: string) => `${iso.slice(0, 16).replace("T", " ")} UTC`;
const limitWords = ({ limit }: ApiKeyInfo) =>
  limit ? `${counted(limit.tokens, "token")} a ${limit.per}` : "no limit";
const untilWords = ({ expires }: ApiKeyInfo) =>
  expires === null ? "until you end it" : `until ${minuteOf(expires)}`;

const documentOf = ({ id, name, limit, expires, created }: ApiKeyInfo) => ({
  id,
  name,
  limit,
  expires_at: expires,
  created_at: created,
});

const create: Action = async (call, client, words) => {
  const { output, values, signal } = call;
  const name = words.join(" ");
  if (name.trim() === "") throw wrong(call, "A name is missing: keys create NAME");
  const { keyLimit: limit, keyExpires } = values;
  const expires = keyExpires === undefined ? undefined : Date.now() + keyExpires;
  const made = await client.createKey({ name, limit, expires }, signal);
  if (output.json)
    return output.document({ ...documentOf(made), key: made.key } satisfies CreatedKeyDocument);
  await output.line(made.key);
  output.note(
    `${oneLine(made.name)}: ${limitWords(made)}, valid ${untilWords(made)}. It is shown only here.`,
  );
};

const sinceWords = { day: "today", week: "this week", month: "this month" } satisfies Record<Period, string>;

function rowOf(key: ListedApiKey): string {
  const { id, name, limit, spent, lastUsed } = key;
  const sum = spent === null ? "" : ` ${grouped(spent)} spent ${sinceWords[limit?.per ?? "month"]},`;
  const used = lastUsed === null ? "never used" : `last used ${minuteOf(lastUsed)}`;
  return `${oneLine(id)}  ${oneLine(name)}  ${limitWords(key)},${sum} ${used}, valid ${untilWords(key)}`;
}

const list: Action = async (call, client, words) => {
  const { output, program, signal } = call;
  if (words.length > 0) throw wrong(call, "There are too many words. It is: keys list");
  const all = await client.keys(signal);
  if (output.json)
    return output.document(
      all.map((key) => ({
        ...documentOf(key),
        spent: key.spent,
        last_used_at: key.lastUsed,
      })) satisfies KeysDocument,
    );
  if (all.length > 0) await output.line(all.map(rowOf).join("\n"));
  else output.note(`You have no API keys. To make one: ${program.name} keys create NAME`);
};

const folded = (name: string) => name.trim().toLowerCase();

const revoke: Action = async (call, client, words) => {
  const { output, signal } = call;
  const typed = words.join(" ");
  if (typed.trim() === "") throw wrong(call, "A name or an ID is missing: keys revoke NAME|ID");
  const all = await client.keys(signal);
  const found = all.find(({ id }) => id === typed) ?? all.find(({ name }) => folded(name) === folded(typed));
  if (!found)
    throw new ClientError("usage", "You have no API key with this name or ID.", {
      hint: `See which there are: ${typedCommand(call, "keys list")}`,
    });
  const { id, name } = found;
  await client.revokeKey(id, signal);
  if (output.json) return output.document({ id, name } satisfies RevokedKeyDocument);
  await output.line(`Ended ${oneLine(name)}.`);
};

const actions = new Map<string, Action>([
  ["create", create],
  ["list", list],
  ["revoke", revoke],
]);

/** `keys`: API keys of the account (docs/http-api.md#api-keys). */
export async function keys(call: Call): Promise<void> {
  const [word = "", ...words] = call.words;
  const action = actions.get(word);
  if (!action) {
    const given =
      word === "" ? "needs" : `does not know ${JSON.stringify(repeatable(word).slice(0, 80))}; it takes`;
    throw wrong(call, `keys ${given} one of: ${[...actions.keys()].join(", ")}.`);
  }
  if (action !== create && (call.sources.keyLimit === "flag" || call.sources.keyExpires === "flag"))
    throw wrong(call, "--limit and --expires go with create.");
  await withTarget(call, "needed", ({ client }) => action(call, client, words));
}
