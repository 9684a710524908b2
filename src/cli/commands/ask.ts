import { randomUUID } from "node:crypto";
import { askAgain } from "../../client/ask-again.ts";
import { ClientError } from "../../client/client-error.ts";
import {
  createBlocksWriter,
  createBytesWriter,
  createDocumentWriter,
  createLinesWriter,
  type AnswerWriter,
} from "../answer-writer.ts";
import type { Call } from "../call.ts";
import { grouped } from "../numbers.ts";
import { ClosedPipe } from "../output.ts";
import { questionSource, readQuestion } from "../question.ts";
import { startSpinner, type Spinner } from "../spinner.ts";
import { chooseServer } from "../chosen-server.ts";
import type { Target } from "../target.ts";
import { isAscii } from "../terminal.ts";

async function writerFor({ output, values, env }: Call): Promise<AnswerWriter> {
  if (output.json) return values.stream ? createLinesWriter(output) : createDocumentWriter(output);
  if (output.stdout.isTTY) return createBlocksWriter(output, { ascii: isAscii(env) });
  return createBytesWriter(output.write);
}

function spinnerFor({ output, env }: Call): Spinner | undefined {
  const { stdout, stderr, json, quiet } = output;
  const drawn = stdout.isTTY && stderr.isTTY && !json && !quiet && env.TERM !== "dumb";
  return drawn ? startSpinner(stderr, { ascii: isAscii(env) }) : undefined;
}

/** Failures after which a person wonders whether it cost anything. */
const doubtful = new Set<string>([
  "interrupted",
  "timeout",
  "upstream_error",
  "upstream_unavailable",
  "upstream_timeout",
  "shutting_down",
]);

/** The failure, saying whether the question may have been charged. */
function withCharge(error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  const { code, message, charged, ...extras } = error;
  const sure = doubtful.has(code) ? " Nothing was charged." : "";
  const told = charged === "maybe" ? " The question may have been charged." : sure;
  return new ClientError(code, message + told, { ...extras, charged, cause: error.cause });
}

function waited(call: Call, seconds: number, reason: ClientError): void {
  const attempt = `Trying again in ${grouped(Math.ceil(seconds))} s: ${reason.message}`;
  call.output.note(attempt);
}

/** What it cost and what is left, for a person who looks on. */
function cost(call: Call, deducted: number | null, tokens: number | null): void {
  if (!call.output.stderr.isTTY) return;
  const dot = isAscii(call.env) ? "-" : "·";
  const parts = [
    deducted === null ? "" : `${grouped(deducted)} tokens`,
    tokens === null ? "" : `${grouped(tokens)} left`,
  ].filter((part) => part !== "");
  if (parts.length > 0) call.output.note(parts.join(` ${dot} `));
}

/** One question over one connection, from the first byte to the last; ends the line also when it breaks off. */
async function converse(call: Call, { client }: Target, message: string): Promise<void> {
  const writer = await writerFor(call);
  let spinner = spinnerFor(call);
  const settle = () => {
    spinner?.stop();
    spinner = undefined;
  };
  const question = { message, history: [], key: randomUUID(), signal: call.signal };
  const onWait = (seconds: number, reason: ClientError) => {
    settle();
    waited(call, seconds, reason);
  };
  try {
    for await (const event of askAgain(client, question, { onWait })) {
      settle();
      if (event.type === "delta") await writer.delta(event.text);
      else {
        await writer.done(event);
        cost(call, event.tokensDeducted, event.tokens);
      }
    }
  } catch (error) {
    settle();
    if (!(error instanceof ClosedPipe)) await writer.broken();
    throw withCharge(error);
  }
}

/** `ask`: one question, its answer on stdout. */
export async function ask(call: Call): Promise<void> {
  if (call.values.stream && !call.output.json)
    throw new ClientError("usage", "--stream goes with --json.", {
      hint: "Without --json an answer is written as it comes anyway.",
    });
  const source = questionSource(call);
  const chosen = chooseServer(call, "needed");
  const message = await readQuestion(source, call);
  // Only now: what speaks HTTP is slow to load, and the failures above don't need it.
  const { connect } = await import("../target.ts");
  const target = await connect(call, chosen);
  try {
    await converse(call, target, message);
  } finally {
    await target.close();
  }
}
