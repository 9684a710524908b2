import type { ClientError, ClientErrorCode } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import { openCredentials } from "../../client/kept/credentials.ts";
import { grantWords } from "../../text/grant-words.ts";
import { serverName, typedCommand, userWords } from "../connection/chosen-server.ts";
import { usualServer } from "../argv/options.ts";

type Hint = (call: Call, error: ClientError) => string | undefined;

const logInAgain: Hint = (call) =>
  call.values.token === undefined
    ? `Log in again: ${typedCommand(call, "login")}`
    : `That server does not accept AI_CHAT_TOKEN. Unset it, then log in: ${typedCommand(call, "login")}`;

const whatIsLeft = (call: Call) => `What is left: ${typedCommand(call, "balance")}`;

/** At one's own server one is the operator. */
function howToGetMore(call: Call): string {
  if (serverName(call) !== "local") return "Ask whoever runs the server for more.";
  const username = openCredentials({ dir: call.places.config }).get("local")?.username || "NAME";
  return `Give yourself more: ${call.program.name} ${grantWords(username, 4000)}.`;
}

const mayHaveCost =
  (before: string): Hint =>
  (call, { charged, hint }) =>
    charged === "maybe" ? `${before}${whatIsLeft(call)}` : hint;

/** What the error itself says, and behind it how to see what the question has cost. */
const mayHaveCostToo: Hint = (call, { charged, hint }) =>
  charged === "maybe" ? [hint, whatIsLeft(call)].filter(Boolean).join(" ") : hint;

/** Nobody knows how far a call came that changes an account, or a copy in its last step, and was interrupted. */
const mayHaveHappened: Hint = (call, error) => {
  const login = typedCommand(call, "login");
  if (call.command === "register") return error.hint ?? `The account may exist now. To log in: ${login}`;
  if (call.command === "password")
    return error.hint ?? `The password may have changed. To log in with the new one: ${login}`;
  if (call.command === "store" && call.words[0] === "copy")
    return error.hint ?? "The copy may be complete; a new one is then refused.";
  return mayHaveCost("")(call, error);
};

const nobodyThere: Hint = (call, error) => {
  const { sources, program, command } = call;
  return sources.server === "default" && error.charged === "no"
    ? `No server is set, so ${usualServer} was tried. Start one: ${program.name} serve, name one with -s URL, or use your own: ${program.name} ${command} -s local`
    : mayHaveCostToo(call, error);
};

const hints: Partial<Record<ClientErrorCode, Hint>> = {
  missing_token: logInAgain,
  invalid_token: logInAgain,
  expired_token: logInAgain,
  invalid_credentials: (call) =>
    call.command === "password"
      ? `Your password was not changed. Try again: ${typedCommand(call, "password")}`
      : `Check name and password, or make an account: ${typedCommand(call, "register")}`,
  username_taken: (call) => `Choose another name, or log in if it is yours: ${typedCommand(call, "login")}`,
  invalid_request: (call, { hint }) =>
    call.command === "register" || call.command === "password"
      ? `Fix that, then try again: ${typedCommand(call, `${call.command} ${userWords(call)}`.trimEnd())}`
      : hint,
  insufficient_tokens: (call) => `${howToGetMore(call)} ${whatIsLeft(call)}`,
  interrupted: mayHaveHappened,
  timeout: mayHaveCost("Allow more time with --timeout SECONDS. "),
  unreachable: nobodyThere,
  bad_reply: mayHaveCostToo,
};

/**
 * What to do about a failure of this very call, with commands that can be typed as they stand; undefined where neither
 * the call nor the error itself says, nor what is `usual` for its code.
 */
export function hintFor(call: Call, error: ClientError, usual: string | undefined): string | undefined {
  const hint = hints[error.code];
  if (hint) return hint(call, error);
  const told = error.hint ?? usual;
  return error.charged === "maybe" ? [told, whatIsLeft(call)].filter(Boolean).join(" ") : told;
}
