import { ClientError } from "../../client/failure.ts";
import { openCredentials } from "../../client/kept/credentials.ts";
import { fromKept, isFresh } from "../../client/http/offer.ts";
import { hasOurRules } from "../../protocol/limits.ts";
import { passwordFaults } from "../../protocol/password-rules.ts";
import type { Call } from "../argv/call.ts";
import { serverName, typedCommand } from "../connection/chosen-server.ts";
import type { AskSecret } from "./prompt.ts";

const TRIES = 3;

/** Whether the password rules are known without a request (docs/cli.md#server-information). */
function areRulesKnown(call: Call): boolean {
  const name = serverName(call);
  if (name === "local") return true;
  const offer = openCredentials({ dir: call.places.config }).get(name)?.offer;
  return isFresh(offer, Date.now()) && hasOurRules(fromKept(offer).extensions);
}

/** How a new password is asked for. */
interface Asking {
  label: string;
  /** What the password would have to be and isn't; by default those of the server, if they are known. */
  rules?: typeof passwordFaults;
  /** The command to try again. */
  again?: string;
}

/**
 * Asks for a new password twice. A password that the known rules forbid is rejected before the second prompt. Throws
 * `input_required` after three attempts.
 */
export async function newPassword(
  call: Call,
  ask: AskSecret,
  { label, rules, again = typedCommand(call, call.command) }: Asking,
): Promise<string> {
  const { note } = call.output;
  const faultsIn = rules ?? (areRulesKnown(call) ? passwordFaults : () => []);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const first = await ask(label);
    if (first === "") continue;
    const faults = faultsIn(first);
    if (faults.length > 0) note(`The password must ${faults.join(", and ")}.`);
    else if ((await ask("Once more: ")) === first) return first;
    else note("The two passwords differ.");
  }
  throw new ClientError("input_required", "No valid password was typed twice.", {
    hint: `Try again: ${again}`,
  });
}
