import type { CommandSpec } from "./command-spec.ts";
import { accountCommands } from "../specs/account.ts";
import { machineCommands } from "../specs/machine.ts";
import { operatorCommands } from "../specs/operator.ts";
import { talkCommands } from "../specs/talk.ts";

/** The commands by their names, in the order of the help. A Map: `toString` is no command. */
export const commands = new Map<string, CommandSpec>(
  Object.entries({ ...talkCommands, ...accountCommands, ...machineCommands, ...operatorCommands }),
);
