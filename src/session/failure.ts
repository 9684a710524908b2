import { ClientError, type Remedy, type RemedyOf } from "../client/failure.ts";
import { refusesNewToken } from "../client/new-login.ts";
import { nextWords } from "../client/next-tokens.ts";
import { duration } from "../text/duration.ts";
import { grantWords } from "../text/grant-words.ts";
import { counted, grouped } from "../text/numbers.ts";

interface FailureContext {
  /** `-s local`: this user is the operator. */
  local: boolean;
  username: string | null;
  commandName: string;
  price: number | null;
  /** The server supports Idempotency-Keys: a retry is never charged twice. */
  idempotent: boolean;
  /** What sends it again: `Enter` or `/retry`. */
  again: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** Whether a login would help: the token is missing, or no longer valid. */
export function wantsLogin(error: ClientError): boolean {
  const { code, status, remedy } = error;
  if (code === "not_logged_in" || (code === "forbidden" && remedy?.kind === "log_in")) return true;
  return status === 401 && code !== "invalid_credentials" && !refusesNewToken(error);
}

/** Whether the question can be sent again under another key alone. */
export const isSpent = ({ code }: ClientError): boolean =>
  code === "answer_expired" || code === "idempotency_key_reused";

/** A bug must not end the conversation. Its message may contain anything, so it is not shown. */
export function internal(cause: unknown): ClientError {
  return new ClientError("internal", "Something in this program went wrong.", { charged: "maybe", cause });
}

/** A question that failed, in the words of a session: what went wrong, and what can be done here. */
export function failureLines(error: ClientError, context: FailureContext): string[] {
  if (error.code === "insufficient_tokens" || error.code === "tokens_held") return moneyLines(error, context);
  if (error.status === 413)
    return [
      "The question is too long for this server.",
      error.message,
      "Nothing was charged: shorten it, and send it again.",
    ];
  return [...troubleLines(error), chargeLine(error, context)];
}

/** What went wrong and, where something can be done from here, what. */
export function troubleLines({ message, remedy }: ClientError): string[] {
  const words = remedy && wordsOf(remedy);
  return [...message.split("\n"), ...(words === undefined ? [] : [words])];
}

type Words = string | undefined;

/** Rounded up, so that nobody asks too early. */
export function waitWords({ seconds }: RemedyOf<"wait_seconds">): string {
  return `Try again in ${duration(seconds, Math.ceil)}.`;
}

/** undefined: sending it again is all that can be done, or it can be done outside the session alone. */
const table: { [Kind in Remedy["kind"]]: Words | ((remedy: RemedyOf<Kind>) => Words) } = {
  log_in: "/login logs in, or registers.",
  check_password: undefined,
  choose_other_name: "Choose another name.",
  give_invite: undefined,
  correct_input: undefined,
  shorten: "Shorten it, or start afresh with /new.",
  give_text: "Give some words.",
  get_tokens: "The operator of the server can grant more.",
  wait: "Wait a little.",
  wait_for_other_questions: "Wait until the other questions have ended.",
  ask_anew: undefined,
  retry_later: undefined,
  retry_shorter: "A shorter question may help.",
  retry_or_report: "If it stays, tell whoever runs the server.",
  longer_timeout: undefined,
  ask_without_key: "Until then ask with another API key, or log in with /login.",
  log_in_with_password: "/login logs in with your password.",
  ask_operator: "Ask whoever runs the server.",
  check_address: "Check the address, or go to another server with /server URL.",
  check_scheme: "Check the address, and whether it begins with http:// or https://.",
  check_connection: "Check your connection, or go to another server with /server URL.",
  name_server: "Name a server like https://chat.example.org or localhost:8000.",
  start_server: "Is the server running? Start it, or go to another with /server URL.",
  check_proxy: "Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
  log_in_to_proxy:
    "Put your name and password there into its address: http://NAME:PASSWORD@HOST:PORT in HTTP_PROXY or HTTPS_PROXY.",
  use_certified_name: "Use a name that the certificate has, or ask whoever runs the server.",
  check_dates: "Check the clock of this machine. If it is right, whoever runs the server must renew it.",
  trust_certificate:
    "Check the address. For a certificate of your own authority set NODE_EXTRA_CA_CERTS to its file.",
  list_conversations: "/resume shows which there are.",
  leave_model_out: "Start without -m: then the model of the server answers.",
  choose_model: "/model shows which there are.",
  wait_seconds: waitWords,
  use_server: ({ server }) => `Go there with /server ${server}`,
  name_conversation: "/resume shows which there are.",
  fix_file: ({ trouble }) => trouble,
  fix_local_server: ({ advice }) => advice,
};

function wordsOf(remedy: Remedy): Words {
  const words = table[remedy.kind] as Words | ((remedy: Remedy) => Words);
  return typeof words === "function" ? words(remedy) : words;
}

/** What a person reads when they have no tokens: what is left, what a question costs, and how to get more. */
function moneyLines(
  error: ClientError,
  { local, username, commandName, price, again, now }: FailureContext,
): string[] {
  const { tokens = null, held = null, required = null, next } = error.balance ?? {};
  const cost = required ?? price;
  const parts = [
    tokens === null ? "" : `${counted(tokens, "token")} left`,
    held === null || held === 0 ? "" : `${grouped(held)} of them held by questions in flight`,
    cost === null ? "" : `a question costs ${grouped(cost)}`,
  ].filter((part) => part !== "");
  const lines = [
    error.code === "tokens_held" ? "The tokens are held by other questions." : "Not enough tokens.",
  ];
  if (parts.length > 0) lines.push(`${parts.join(", ")}.`);
  if (error.code === "tokens_held") lines.push(`Wait for them; ${again} sends it again.`);
  else if (local)
    lines.push(`More: ${commandName} ${grantWords(username ?? "NAME", cost === null ? 1000 : cost * 10)}`);
  else if (!next) lines.push("The operator of the server can grant more.");
  if (next && error.code !== "tokens_held") lines.push(`More to come: ${nextWords(next, now)}.`);
  return lines;
}

function chargeLine(error: ClientError, { price, idempotent, again }: FailureContext): string {
  if (isSpent(error))
    return `${again} asks it as a new question${price === null ? "" : ` for ${counted(price, "token")}`}.`;
  if (error.charged === "no") return `Nothing was charged. ${again} sends it again.`;
  const cost = `It may have cost ${price === null ? "a question" : grouped(price)}`;
  return idempotent
    ? `${cost}; ${again} sends it again and is not charged twice.`
    : `${cost}: look at /balance before sending it again.`;
}
