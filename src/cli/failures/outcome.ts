import type { Call } from "../argv/call.ts";
import { ClosedPipe, type Output } from "../io/output.ts";
import type { Ending } from "../io/ending.ts";
import { endCode } from "./exit-codes.ts";

/** A failure and its call; undefined if argv was invalid. */
export interface Failed {
  error: unknown;
  call: Call | undefined;
}

/** Whether stderr is a log of JSON lines. That of `--check` is for a person. */
const isLog = (call: Call | undefined) =>
  call?.command === "serve" && call.values.log === "json" && !call.values.check;

/** Reports a failure on stderr, as text, JSON document or log line. Returns the exit code. */
export async function reportFailure(
  { error, call }: Failed,
  output: Output,
  ending: Ending,
): Promise<number> {
  if (error instanceof ClosedPipe || ending.signal.reason instanceof ClosedPipe) return endCode(0, ending.by);
  const { failureOf, failureLine, failureWords, interruption } = await import("./report.ts");
  const failure = await failureOf(ending.by === undefined ? error : interruption(error), call);
  const exit = endCode(failure.exit, ending.by);
  const debug = process.env.AI_CHAT_DEBUG === "1" && error instanceof Error;
  if (isLog(call) && !output.json) {
    const { serverLog } = await import("../../server/local.ts");
    const { code, hint, message } = failure;
    const log = await serverLog("json", output.stderr);
    log.error({ code, hint, ...(debug && { stack: error.stack }) }, message);
    return exit;
  }
  const words = output.json ? failureLine(failure) : failureWords(failure, output.color.stderr);
  const stack = debug ? `${error.stack}\n` : "";
  output.stderr.write(`${words}\n${output.json ? "" : stack}`);
  return exit;
}
