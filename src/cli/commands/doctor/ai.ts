import { counted } from "../../../text/numbers.ts";
import { aiStates, failureWords, OtherVersion, type NamedAiState } from "../../../server/local.ts";
import type { Call } from "../../argv/call.ts";
import { reading, storeName } from "../../connection/operate.ts";
import { exitCodes } from "../../failures/exit-codes.ts";
import { failureOf } from "../../failures/report.ts";
import type { DoctorDocument } from "./document.ts";
import type { Finding, Report } from "./finding.ts";

type AiDocument = DoctorDocument["ai"];

const about = "AI";

const note = (text: string): Finding => ({ about, text, note: true });

const minute = (time: number) => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;

async function findingOf({ model, state, since, why, cause, failed }: NamedAiState): Promise<Finding> {
  if (state === "unknown") {
    const text = since === undefined ? "it has not answered yet" : `no question since ${minute(since)}`;
    return note(`${model} is unknown: ${text}`);
  }
  if (state === "ok" || why === undefined)
    return { about, text: `${model} has answered since ${minute(since!)}` };
  const { what, todo } = (await failureWords())[why];
  const last = cause === undefined ? "" : ` The last cause: ${cause}`;
  const message = `${model} has been failing since ${minute(since!)}, with ${counted(failed, "failure")}. ${what}${last}`;
  return {
    about,
    text: message,
    fault: { code: "upstream_error", message, hint: todo, exit: exitCodes.upstream_error },
  };
}

const documentOf = (states: NamedAiState[]): AiDocument =>
  states.map(({ model, state, since, why, cause, failed }) => ({
    model,
    state,
    since: since === undefined ? null : new Date(since).toISOString(),
    why: why ?? null,
    cause: cause ?? null,
    failures: failed,
  }));

async function look(call: Call): Promise<Report<AiDocument>> {
  const nothing = (finding: Finding) => ({ title: "Your AI", findings: [finding], document: null });
  const name = storeName(call);
  try {
    const states = await reading(call, async (place) =>
      place.kind === "json" ? aiStates(place) : ("database" as const),
    );
    if (states === "database")
      return nothing(note("not known here: the servers of a database have it in their metrics and logs"));
    if (states === "no_server") return nothing(note(`no server runs on ${name}`));
    if (states === "none") return nothing(note(`the process that uses ${name} is no server`));
    return {
      title: "Your AI",
      findings: await Promise.all(states.map(findingOf)),
      document: documentOf(states),
    };
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof OtherVersion)
      return nothing(note(`the server that runs on ${name} does not tell: it is another version of ai-chat`));
    const fault = await failureOf(error, call);
    return nothing({ about, text: fault.message, fault });
  }
}

/** Asks the operator's own server how its AI does. Only for a store that was named: others do not run one. */
export async function lookAtAi(call: Call): Promise<Report<AiDocument> | undefined> {
  const { data, store } = call.values;
  return data === undefined && store === undefined ? undefined : look(call);
}
