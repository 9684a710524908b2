import type { ClientError, ClientErrorCode, Remedy, RemedyOf } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import { openCredentials } from "../../client/kept/credentials.ts";
import { grantWords } from "../../text/grant-words.ts";
import { serverName, typedCommand, userWords } from "../connection/chosen-server.ts";
import { defaultServer } from "../argv/options.ts";

const whatIsLeft = (call: Call) => `What is left: ${typedCommand(call, "balance")}`;

const logIn = (call: Call) =>
  call.values.token === undefined
    ? `Log in again: ${typedCommand(call, "login")}`
    : `That server does not accept AI_CHAT_TOKEN. Unset it, then log in: ${typedCommand(call, "login")}`;

const logInWithPassword = (call: Call) =>
  call.values.token === undefined
    ? `Log in with your password: ${typedCommand(call, "login")}`
    : `AI_CHAT_TOKEN is an API key. Unset it, then log in: ${typedCommand(call, "login")}`;

/** The user is the operator of `local`, so the hint there is to grant tokens. */
function getTokens(call: Call): string {
  if (serverName(call) !== "local") return `Ask whoever runs the server for more. ${whatIsLeft(call)}`;
  const username = openCredentials({ dir: call.places.config }).get("local")?.username || "NAME";
  return `Give yourself more: ${call.program.name} ${grantWords(username, 4000)}. ${whatIsLeft(call)}`;
}

const checkPassword = (call: Call) =>
  call.command === "password"
    ? `Your password was not changed. Try again: ${typedCommand(call, "password")}`
    : `Check name and password, or make an account: ${typedCommand(call, "register")}`;

const correctInput = (call: Call) =>
  call.command === "register" || call.command === "password"
    ? `Fix that, then try again: ${typedCommand(call, `${call.command} ${userWords(call)}`.trimEnd())}`
    : checkInput;

const checkInput = "Check what you sent, then try again.";
const nothingLeft = "Nothing is left running.";

/** A duration: `12 s`, `3 min`, `2 h`. */
function span(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}

function nameConversation({ candidates, more }: RemedyOf<"name_conversation">): string {
  const named = candidates.map(({ id, title }) => (title === undefined ? id : `${id} (${title})`));
  return `Name one of them: ${named.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

const table: { [Kind in Remedy["kind"]]: string | ((remedy: RemedyOf<Kind>, call: Call) => string) } = {
  log_in: (_, call) => logIn(call),
  check_password: (_, call) => checkPassword(call),
  choose_other_name: (_, call) =>
    `Choose another name, or log in if it is yours: ${typedCommand(call, "login")}`,
  give_invite: (_, call) =>
    `With ${call.values.invite === undefined ? "a" : "another"} code: ${typedCommand(call, `register ${userWords(call) || "-u NAME"} --invite CODE`)}`,
  correct_input: (_, call) => correctInput(call),
  shorten: "Send less.",
  give_text: "Give some words.",
  get_tokens: (_, call) => getTokens(call),
  wait: "Wait a moment, then try again.",
  wait_for_other_questions: "Wait until the other questions have ended, then try again.",
  ask_anew: "Ask again; that is a new question and is charged.",
  retry_later: "Try again later: the AI behind the server failed.",
  retry_shorter: "Try again, perhaps with a shorter question.",
  retry_or_report: "Try again. If it stays, tell whoever runs the server; its log has the reason.",
  longer_timeout: "Allow more time with --timeout SECONDS.",
  ask_without_key: "Until then ask with another API key, or log in.",
  log_in_with_password: (_, call) => logInWithPassword(call),
  ask_operator: "Ask whoever runs the server.",
  check_address: "Check that this is the address of a chat server, or name another with --server URL.",
  check_scheme: "Check the address, and whether it begins with http:// or https://.",
  check_connection: "Check your connection and the address, or name another server with --server URL.",
  name_server: "Name a server like https://chat.example.org or localhost:8000.",
  start_server: "Is the server running? Start it, or name another with --server URL.",
  check_proxy: "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
  log_in_to_proxy:
    "Put your name and password there into its address: http://NAME:PASSWORD@HOST:PORT in HTTP_PROXY or HTTPS_PROXY.",
  trust_certificate: (_, call) =>
    call.env.NODE_EXTRA_CA_CERTS
      ? "Check the address, and whether the file in NODE_EXTRA_CA_CERTS has the certificate of its authority."
      : "Check the address. For a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file.",
  use_certified_name: "Use a name that the certificate has, or ask whoever runs the server.",
  check_dates: "Check the clock of this machine. If it is right, whoever runs the server must renew it.",
  list_conversations: (_, call) => `See which there are: ${call.program.name} conversations list`,
  leave_model_out: "Leave out -m: then the model of the server answers.",
  choose_model: "Name one of them with -m NAME.",
  wait_seconds: ({ seconds }) => `Try again in ${span(seconds)}.`,
  use_server: ({ server }) => `use --server ${server}`,
  name_conversation: nameConversation,
  fix_file: ({ trouble }) => trouble,
  fix_local_server: ({ advice }) => advice,
};

function wordsOf(remedy: Remedy, call: Call): string {
  const words = table[remedy.kind] as string | ((remedy: Remedy, call: Call) => string);
  return typeof words === "string" ? words : words(remedy, call);
}

/** An interrupted account change, or the last step of a copy, may have taken effect. */
function afterInterruption(call: Call): string {
  const login = typedCommand(call, "login");
  if (call.command === "register") return `The account may exist now. To log in: ${login}`;
  if (call.command === "password")
    return `The password may have changed. To log in with the new one: ${login}`;
  if (call.command === "store" && call.words[0] === "copy")
    return "The copy may be complete. If it is, a second copy is refused.";
  return nothingLeft;
}

const noServerSet = ({ program, command }: Call) =>
  `No server is set, so ${defaultServer} was tried. Start one: ${program.name} serve, name one with -s URL, or use your own: ${program.name} ${command} -s local`;

function adviceOn({ code, remedy, charged }: ClientError, call: Call): string | undefined {
  const isCharged = charged === "maybe";
  if (code === "interrupted") return isCharged ? undefined : afterInterruption(call);
  if (code === "unreachable" && call.sources.server === "default" && !isCharged) return noServerSet(call);
  return remedy ? wordsOf(remedy, call) : isCharged ? undefined : checkInput;
}

/** The hint for a failure, with commands that can be run as shown. `call` is undefined if argv was invalid. */
export function hintFor(call: Call | undefined, error: ClientError): string {
  if (!call) return error.hint ?? (error.code === "interrupted" ? nothingLeft : checkInput);
  const advice = error.hint ?? adviceOn(error, call);
  const charge = error.charged === "maybe" ? whatIsLeft(call) : undefined;
  return [advice, charge].filter((part) => part !== undefined).join(" ");
}

/** Failures for which the message says whether `ask` was charged. */
const statesCharge = new Set<ClientErrorCode>([
  "interrupted",
  "timeout",
  "upstream_error",
  "upstream_unavailable",
  "upstream_timeout",
  "shutting_down",
]);

/** The sentence that says whether a question was charged; undefined if the failure cannot concern a charge. */
export function chargeWords({ code, charged }: ClientError, command: string | undefined): string | undefined {
  if (charged === "maybe") return "The question may have been charged.";
  return command === "ask" && statesCharge.has(code) ? "Nothing was charged." : undefined;
}
