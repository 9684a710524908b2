import { ClientError } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import { sameCommand } from "../connection/same-command.ts";
import { askLine } from "./prompt.ts";
import { terminal } from "./sign-in-input.ts";

/**
 * Whether the user agrees to an act that takes something away: `--yes`, or y at the terminal. `what` says who loses what,
 * and where, in whole sentences. Throws `input_required` if there is no terminal to ask on.
 */
export async function confirmed(what: string, call: Call): Promise<boolean> {
  if (call.values.yes) return true;
  const prompt = terminal(call);
  if (!prompt)
    throw new ClientError("input_required", `${what} There is no terminal to confirm it.`, {
      hint: `Nothing has changed. To do it without a question: ${sameCommand(call, "--yes")}`,
    });
  call.output.stderr.write(`${what}\n`);
  const answer = await askLine("Go on? [y/N] ", prompt);
  if (/^y(es)?$/i.test(answer)) return true;
  call.output.note("Nothing has changed.");
  return false;
}
