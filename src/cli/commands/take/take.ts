import { randomUUID } from "node:crypto";
import { ClientError } from "../../../client/failure.ts";
import { namedBriefly } from "../../../text/named-briefly.ts";
import { counted, grouped } from "../../../text/numbers.ts";
import type { Call } from "../../argv/call.ts";
import { act, actOf } from "../../connection/act.ts";
import { accountToChange } from "../../connection/books.ts";
import { storeName } from "../../connection/operate.ts";
import { sameCommand } from "../../connection/same-command.ts";
import { confirmed } from "../../io/confirm.ts";
import { amountOf } from "../grant/amount.ts";
import type { TakeDocument } from "./document.ts";

function wordsOf({ words, values, program }: Call): { name: string; tokens: number } {
  const [name, amount] = words;
  const hint = `For instance: ${program.name} take jane 500 --reason 'granted twice'`;
  if (name === undefined || amount === undefined || words.length > 2)
    throw new ClientError("usage", "take takes a name and a number of tokens.", { hint });
  const tokens = amountOf(amount, hint);
  if (values.reason === undefined) throw new ClientError("usage", "take needs --reason TEXT.", { hint });
  return { name, tokens };
}

/** `take`: takes tokens that no question holds (docs/accounts.md#grants). */
export async function take(call: Call): Promise<number> {
  const { output, values } = call;
  const { name, tokens: asked } = wordsOf(call);
  const { id: account, username, tokens: had, held } = await accountToChange(name, call);
  const rest = held > 0 ? `, of which questions hold ${grouped(held)}` : "";
  const what = `${username} in ${storeName(call)} will lose up to ${counted(asked, "token")}. The balance is ${grouped(had)}${rest}.`;
  if (!(await confirmed(what, call))) return 1;
  const id = values.id ?? randomUUID();
  if (values.id === undefined) output.note(`The ID of this take is ${id}.`);
  const reply = await act(
    { kind: "take", account, id, tokens: asked, ...actOf(call) },
    call,
    () =>
      `Whether the tokens were taken is not known. This takes them once in any case: ${sameCommand(call, `--id ${id}`)}`,
  );
  if (reply.kind !== "taken")
    throw new ClientError(
      "idempotency_key_reused",
      `The ID ${id} was already used for another grant or take of ${namedBriefly([username])}. Nothing was taken.`,
      { hint: `Use another --id, or none: ${sameCommand(call, "", "id")}` },
    );
  const { repeated, taken, tokens } = reply;
  if (output.json)
    await output.document({ username, taken: repeated ? 0 : taken, tokens, id } satisfies TakeDocument);
  else
    await output.line(
      `${told({ username, repeated, taken, asked, id })}; the balance is ${grouped(tokens)}.`,
    );
  return 0;
}

function told(how: {
  username: string;
  repeated: boolean;
  taken: number;
  asked: number;
  id: string;
}): string {
  const { username, repeated, taken, asked, id } = how;
  const amount = taken < asked ? `${grouped(taken)} of ${counted(asked, "token")}` : counted(taken, "token");
  if (repeated) return `Already taken: ${username} lost ${amount} under the ID ${id}`;
  return `Took ${amount} from ${username}`;
}
