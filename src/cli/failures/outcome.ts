import { ClosedPipe, type Output } from "../io/output.ts";
import type { Ending } from "../io/ending.ts";
import { signalCodes } from "./exit-codes.ts";
import type { Ended, Failed } from "../run.ts";

/** The exit code of a failure, told on stderr in the form that was asked for. */
export async function tell({ error, call, isLog }: Failed, output: Output, ending: Ending): Promise<number> {
  if (error instanceof ClosedPipe || ending.signal.reason instanceof ClosedPipe) return 0;
  const { failureOf, failureLine, failureWords, interruption } = await import("./report.ts");
  const failure = await failureOf(ending.by === undefined ? error : interruption(error), call);
  const debug = process.env.AI_CHAT_DEBUG === "1" && error instanceof Error;
  if (isLog && !output.json) {
    const { createLog } = await import("../../server/log.ts");
    const { code, hint, message, exit } = failure;
    createLog("json", output.stderr).error({ code, hint, ...(debug && { stack: error.stack }) }, message);
    return exit;
  }
  const words = output.json ? failureLine(failure) : failureWords(failure, output.color.stderr);
  const stack = debug ? `${error.stack}\n` : "";
  output.stderr.write(`${words}\n${output.json ? "" : stack}`);
  return failure.exit;
}

/** What the program exits with; a failure is told first. */
export async function codeOf({ result }: Ended, output: Output, ending: Ending): Promise<number> {
  if ("code" in result) return result.code;
  const code = await tell(result, output, ending);
  return ending.by === undefined ? code : signalCodes[ending.by];
}
