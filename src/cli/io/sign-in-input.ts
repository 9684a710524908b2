import { ClientError } from "../../client/failure.ts";
import type { Call } from "../argv/call.ts";
import { typedCommand, userWords } from "../connection/chosen-server.ts";
import { newPassword } from "./new-password.ts";
import { askLine, withoutEcho, type PromptTerminal } from "./prompt.ts";
import { readFirstLine, stdinKind } from "./stdin.ts";

const TRIES = 3;

/** The terminal to prompt on: undefined unless stdin and stderr are terminals and prompts are allowed. */
export function terminal({
  values,
  output,
  stdin,
  signal,
}: Pick<Call, "values" | "output" | "stdin" | "signal">): PromptTerminal | undefined {
  const { stderr } = output;
  if (values.noInput || output.json || !stdin.isTTY || !stderr.isTTY) return undefined;
  return { stdin, stderr, signal };
}

/** The username from `-u` or the terminal. Throws `input_required` if there is no terminal. */
export async function usernameFrom(call: Call, command: string): Promise<string> {
  if (call.values.username !== undefined) return call.values.username;
  const prompt = terminal(call);
  if (!prompt)
    throw new ClientError(
      "input_required",
      "The username is missing, and there is no terminal to ask for it.",
      {
        hint: `Give it: ${typedCommand(call, `${command} -u NAME --password-stdin`)}`,
      },
    );
  for (let tries = 0; tries < TRIES; tries += 1) {
    const name = await askLine("Username: ", prompt);
    if (name !== "") return name;
  }
  throw new ClientError("input_required", "No username was typed.", {
    hint: `Try again: ${call.program.name} ${command}`,
  });
}

/** The first line of stdin. Throws `input_required` if it is empty, and `usage` if stdin is the terminal. */
export async function passwordFromStdin(call: Call): Promise<string> {
  if (stdinKind() === "terminal")
    throw new ClientError("usage", "--password-stdin reads a pipe or a file, and stdin is the terminal.", {
      hint: "Leave --password-stdin out to be asked for the password.",
    });
  const { stdin, signal, output } = call;
  const onSlow = () => output.note("Waiting for the password on stdin.");
  const line = await readFirstLine({ stream: stdin, signal, onSlow });
  if (line !== undefined && line !== "") return line;
  throw new ClientError("input_required", "No password came on stdin.", {
    hint: "Write it into the pipe, on the first line.",
  });
}

/**
 * The password from `--password-stdin`, `AI_CHAT_PASSWORD` or the terminal without echo (docs/cli.md#secrets). A new
 * password is asked for twice. Throws `input_required` if there is no terminal.
 */
export async function passwordFrom(
  call: Call,
  { isNew, command }: { isNew: boolean; command: string },
): Promise<string> {
  if (call.values.passwordStdin) return passwordFromStdin(call);
  if (call.values.password !== undefined) return call.values.password;
  const prompt = terminal(call);
  if (!prompt)
    throw new ClientError(
      "input_required",
      "The password is missing, and there is no terminal to ask for it.",
      {
        hint: `Set AI_CHAT_PASSWORD, or write it into a pipe: ${typedCommand(call, `${command} ${userWords(call) || "-u NAME"} --password-stdin`)}`,
      },
    );
  return withoutEcho(prompt, (ask) =>
    isNew ? newPassword(call, ask, { label: "Password: " }) : ask("Password: "),
  );
}
