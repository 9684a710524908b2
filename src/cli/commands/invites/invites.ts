import { ClientError } from "../../../client/failure.ts";
import {
  inviteCodes,
  type Invite,
  type InvitesReply,
  type InvitesRequest,
  type NewInvite,
} from "../../../server/local.ts";
import { counted, grouped } from "../../../text/numbers.ts";
import { repeatable } from "../../../text/repeatable.ts";
import type { Call } from "../../argv/call.ts";
import type { OptionName } from "../../argv/options.ts";
import { operate, type Ask } from "../../connection/operate.ts";
import type { CreatedDocument, InvitesDocument, RevokedDocument } from "./document.ts";

/** Asks the store, or the server that runs on it. */
type AskInvites = (request: InvitesRequest) => Promise<InvitesReply>;

type Action = (call: Call, words: readonly string[], ask: AskInvites) => Promise<void>;

const wrong = ({ program }: Call, message: string) =>
  new ClientError("usage", message, { hint: `See: ${program.name} invites --help` });

const asking =
  (ask: Ask): AskInvites =>
  async (invites) => {
    const reply = await ask({ invites });
    if ("invites" in reply) return reply.invites;
    throw new Error("The reply is to another request.");
  };

const isoOf = (ms: number) => new Date(ms).toISOString();
const minuteOf = (ms: number) => `${isoOf(ms).slice(0, 16).replace("T", " ")} UTC`;

/** Makes so many invitations at once; resolves to them with their codes. */
async function make(count: number, made: Pick<NewInvite, "tokens" | "uses" | "expires">, ask: AskInvites) {
  const { newCode, digestOfCode, idOfDigest } = await inviteCodes();
  for (;;) {
    const invites = Array.from({ length: count }, () => {
      const code = newCode();
      const digest = digestOfCode(code);
      return { code, id: idOfDigest(digest), digest, ...made };
    });
    const request = { create: invites.map(({ code: _code, ...invite }) => invite) };
    // An ID of ten letters may be taken, however unlikely that is.
    if ((await ask(request)).kind === "created") return invites;
  }
}

const create: Action = async (call, words, ask) => {
  const { output, values } = call;
  if (words.length > 0) throw wrong(call, "There are too many words. It is: invites create");
  const { INVITES_PAGE } = await inviteCodes();
  const { inviteTokens: tokens = null, uses, count } = values;
  const expires = Date.now() + values.expires;
  const document: CreatedDocument = [];
  for (let left = count; left > 0; left -= INVITES_PAGE) {
    const made = await make(Math.min(left, INVITES_PAGE), { tokens, uses, expires }, ask);
    document.push(...made.map(({ id, code }) => ({ code, id, tokens, uses, expires_at: isoOf(expires) })));
    if (!output.json) await output.line(made.map(({ code }) => code).join("\n"));
  }
  if (output.json) return output.document(document);
  const accounts = `${counted(uses, "account")}${tokens === null ? "" : ` with ${counted(tokens, "token")}`}`;
  output.note(
    `Valid for ${accounts}${count > 1 ? " each" : ""} until ${minuteOf(expires)}. It is shown only here.`,
  );
};

async function listed(ask: AskInvites): Promise<Invite[]> {
  const { INVITES_PAGE } = await inviteCodes();
  const all: Invite[] = [];
  for (;;) {
    const reply = await ask({ list: all.length });
    const page = reply.kind === "listed" ? reply.invites : [];
    all.push(...page);
    if (page.length < INVITES_PAGE) return all;
  }
}

function rowOf({ id, used, uses, tokens, expires, state }: Invite): string {
  const gives = tokens === null ? "starting tokens" : counted(tokens, "token");
  return `${id}  ${state.replace("_", " ").padEnd(7)}  ${grouped(used)} of ${counted(uses, "use")}, ${gives}, until ${minuteOf(expires)}`;
}

const list: Action = async (call, words, ask) => {
  const { output, program } = call;
  if (words.length > 0) throw wrong(call, "There are too many words. It is: invites list");
  const all = await listed(ask);
  if (output.json)
    return output.document(
      all.map(({ id, digest, tokens, uses, used, at, expires, state }) => ({
        id,
        digest,
        tokens,
        uses,
        used,
        created_at: isoOf(at),
        expires_at: isoOf(expires),
        state,
      })) satisfies InvitesDocument,
    );
  if (all.length > 0) await output.line(all.map(rowOf).join("\n"));
  else output.note(`There are no invitations. To make one: ${program.name} invites create`);
};

const revoke: Action = async (call, words, ask) => {
  const { output } = call;
  if (words.length === 0) throw wrong(call, "A code or an ID is missing: invites revoke CODE|ID");
  const { digestOfCode } = await inviteCodes();
  const typed = words.join(" ");
  const reply = await ask({ revoke: { id: typed.trim().toLowerCase(), digest: digestOfCode(typed) } });
  if (reply.kind !== "revoked" && reply.kind !== "repeated")
    throw new ClientError("usage", "There is no invitation with this code or ID.", {
      hint: `See which there are: ${call.program.name} invites list`,
    });
  const { id, kind } = reply;
  if (output.json) return output.document({ id, revoked: kind === "revoked" } satisfies RevokedDocument);
  await output.line(kind === "revoked" ? `Revoked ${id}.` : `${id} was revoked before.`);
};

const actions = new Map<string, Action>([
  ["create", create],
  ["list", list],
  ["revoke", revoke],
]);

const ofCreate: readonly OptionName[] = ["inviteTokens", "uses", "expires", "count"];

/** `invites`: invitations in the store, or through the server that runs on it (docs/server.md#who-may-register). */
export async function invites(call: Call): Promise<void> {
  const [word = "", ...words] = call.words;
  const action = actions.get(word);
  if (!action) {
    const given =
      word === "" ? "needs" : `does not know ${JSON.stringify(repeatable(word).slice(0, 80))}; it takes`;
    throw wrong(call, `invites ${given} one of: ${[...actions.keys()].join(", ")}.`);
  }
  if (action !== create && ofCreate.some((name) => call.sources[name] === "flag"))
    throw wrong(call, "--tokens, --uses, --expires and --count go with create.");
  const doubt = () => `Whether it was done is not known. See: ${call.program.name} invites list`;
  await operate(call, (ask) => action(call, words, asking(ask)), doubt);
}
