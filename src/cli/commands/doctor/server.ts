import type { OpenDispatcher } from "../../../client/http/connections.ts";
import { ClientError } from "../../../client/failure.ts";
import { parsed, record } from "../../../text/loose-json.ts";
import { createOffer } from "../../../client/http/offer.ts";
import { replyError } from "../../../client/http/reply-error.ts";
import { hasChat } from "../../../client/http/chat-server.ts";
import { createTransport, type Reply, type Transport } from "../../../client/http/transport.ts";
import type { Offer } from "../../../client/http/contract.ts";
import { routes } from "../../../protocol/routes.ts";
import type { Call } from "../../argv/call.ts";
import { defaultServer } from "../../argv/options.ts";
import { chooseServer, type Chosen } from "../../connection/chosen-server.ts";
import { proxyOpener } from "../../connection/dispatcher.ts";
import type { DoctorDocument } from "./document.ts";
import { duration } from "../../../text/duration.ts";
import { counted } from "../../../text/numbers.ts";
import { exitCodes } from "../../failures/exit-codes.ts";
import { failureOf } from "../../failures/report.ts";
import { connect, type Target } from "../../connection/target.ts";
import type { Finding, Report } from "./finding.ts";
import { lookAtToken, unknownToken } from "./token.ts";

/** Request timeout in seconds. */
const SILENCE = 10;
/** Clock difference in seconds above which a problem is reported. */
const CLOCKS = 60;

interface Place {
  url: string;
  signal: AbortSignal;
}

type Both = Report<Pick<DoctorDocument, "server" | "token">>;

/** Throws if the server is not a chat server of this API (docs/cli.md#your-own-server). */
async function checkReply(reply: Reply, transport: Transport, { url, signal }: Place): Promise<void> {
  const { status } = reply;
  if (status >= 500 || status === 429)
    throw await replyError(reply, "balance", { secrets: [], now: Date.now() });
  const body = record(parsed(await reply.text(64 * 1024)));
  if (body && (status === 401 || status === 403 || status === 404)) return;
  // Many servers answer an unknown path with a page, and have the balance elsewhere.
  if (status === 404 && (await hasChat(transport, signal))) return;
  throw new ClientError("bad_reply", `${url} answers, but not as a chat server.`, {
    hint: "Check the address, with the path that its operator gave, or name another with -s URL.",
  });
}

function clock(date: string | undefined, [before, after]: [number, number]): number | null {
  const theirs = Date.parse(date ?? "");
  // The header has whole seconds, so half a second is added.
  return Number.isNaN(theirs) ? null : Math.round((theirs + 500 - (before + after) / 2) / 1000);
}

function clockFinding(difference: number | null): Finding {
  const about = "clock";
  if (difference === null) return { about, text: "not reported by the server", note: true };
  if (Math.abs(difference) <= CLOCKS) return { about, text: "same as on this machine" };
  const words = `The server's clock is ${duration(Math.abs(difference))} ${difference > 0 ? "ahead" : "behind"}.`;
  const hint =
    "Set the clock of this machine, or tell the operator of the server: until then, times and expiry dates are shown wrong.";
  return { about, text: words, fault: { code: "internal", message: words, hint, exit: exitCodes.internal } };
}

function offerFinding({ extensions, model, price }: Offer): Finding {
  const about = "offers";
  if (extensions.size === 0 && price === null)
    return { about, text: "the four documented calls", note: true };
  const said = [...extensions].join(", ");
  const costs = price === null ? [] : [`${counted(price, "token")} a question`];
  return { about, text: [said, ...costs, ...(model === null ? [] : [model])].join("; ") };
}

async function lookAtReachable(
  call: Call,
  target: Target,
  openDispatcher: OpenDispatcher | undefined,
): Promise<Both> {
  const { program, signal, values } = call;
  const url = target.client.server;
  const transport = createTransport({
    server: url,
    openDispatcher,
    silence: Math.min(values.timeout, SILENCE),
    userAgent: `ai-chat/${program.version}`,
  });
  try {
    const before = Date.now();
    const reply = await transport.send({ method: "GET", path: routes.balance, signal });
    const after = Date.now();
    await checkReply(reply, transport, { url, signal });
    const offer = await createOffer(transport, { now: Date.now })(signal);
    const difference = clock(reply.header("date"), [before, after]);
    const token = await lookAtToken(call, target);
    const milliseconds = after - before;
    const place =
      target.name === "local" ? `your own, ${target.started ? "started for this" : `at ${url}`}` : url;
    return {
      title: "Server",
      findings: [
        { about: "reachable", text: `${place}, answers in ${milliseconds} ms` },
        offerFinding(offer),
        clockFinding(difference),
        ...token.findings,
      ],
      document: {
        server: {
          url: target.name,
          reachable: true,
          milliseconds,
          extensions: [...offer.extensions],
          model: offer.model,
          price: offer.price,
          clock_difference: difference,
        },
        token: token.document,
      },
    };
  } finally {
    await transport.close();
  }
}

async function look(call: Call, chosen: Chosen): Promise<Both> {
  const openDispatcher =
    chosen.name === "local" ? undefined : await proxyOpener(call.env, call.values.timeout);
  const target = await connect(call, chosen);
  try {
    return await lookAtReachable(call, target, openDispatcher);
  } finally {
    await target.close();
  }
}

const nothing = {
  milliseconds: null,
  extensions: null,
  model: null,
  price: null,
  clock_difference: null,
};

/** The report of a server that was not tested or could not be reached. */
const notReached = (
  server: { url: string | null; reachable: boolean | null },
  chosen: Chosen,
  finding: Finding,
): Both => ({
  title: "Server",
  findings: [finding],
  document: { server: { ...server, ...nothing }, token: unknownToken(chosen.token) },
});

/** Why it is this server, and which one a session takes if none is set. */
function chosenFinding({ sources }: Pick<Call, "sources">, isChatServer: boolean): Finding {
  const about = "chosen";
  switch (sources.server ?? "default") {
    case "flag":
      return { about, text: "by -s" };
    case "environment":
      return { about, text: "by AI_CHAT_SERVER" };
    case "file":
      return { about, text: "by the setting server" };
    case "default":
      return {
        about,
        text: isChatServer
          ? `no server is set; the one at ${defaultServer} was found, and a session uses it too`
          : `no server is set; none was found at ${defaultServer}, so a session uses your own server on this machine`,
        note: true,
      };
  }
}

/** Checks why it is this server, whether it is reachable, what it offers, and whether it accepts the token. Rejects when aborted. */
export async function lookAtServer(call: Call): Promise<Both> {
  const report = await lookAtChosen(call);
  // What is wrong with the settings is not known here.
  if (call.serverFault !== undefined) return report;
  const isChatServer = report.document.server.milliseconds !== null;
  return { ...report, findings: [chosenFinding(call, isChatServer), ...report.findings] };
}

async function lookAtChosen(call: Call): Promise<Both> {
  const about = "reachable";
  const chosen = chooseServer({ ...call, serverFault: undefined }, "optional");
  // The files check reports what is wrong with the settings.
  if (call.serverFault !== undefined)
    return notReached({ url: null, reachable: null }, chosen, {
      about,
      text: "not tested: the default server cannot be read from the settings",
      note: true,
    });
  try {
    return await look(call, chosen);
  } catch (error) {
    call.signal.throwIfAborted();
    const fault = await failureOf(error, call);
    const reachable = fault.code === "bad_reply" || fault.status !== undefined;
    return notReached({ url: chosen.name, reachable }, chosen, { about, text: fault.message, fault });
  }
}
