import { ClientError } from "../../../client/failure.ts";
import type { Call } from "../../argv/call.ts";
import { typedCommand, userWords } from "../../connection/chosen-server.ts";
import { newPassword } from "../../io/new-password.ts";
import { withoutEcho, type PromptTerminal } from "../../io/prompt.ts";
import { terminal } from "../../io/sign-in-input.ts";
import { readFirstLines, stdinKind } from "../../io/stdin.ts";

export interface PasswordChange {
  password: string;
  newPassword: string;
}

async function fromStdin(call: Call): Promise<PasswordChange> {
  if (stdinKind() === "terminal")
    throw new ClientError("usage", "--password-stdin reads a pipe or a file, and stdin is the terminal.", {
      hint: "Leave --password-stdin out to be asked for the passwords.",
    });
  const { stdin, signal, output } = call;
  const onSlow = () => output.note("Waiting for two passwords on stdin.");
  const [password = "", newPassword = ""] = await readFirstLines({ stream: stdin, signal, onSlow }, 2);
  if (password !== "" && newPassword !== "") return { password, newPassword };
  throw new ClientError("input_required", "Two passwords are needed on stdin, and there are fewer.", {
    hint: "Write the current one on the first line, the new one on the second.",
  });
}

function fromTerminal(call: Call, prompt: PromptTerminal): Promise<PasswordChange> {
  return withoutEcho(prompt, async (ask) => ({
    password: call.values.password ?? (await ask("Current password: ")),
    newPassword: await newPassword(call, ask, { label: "New password: " }),
  }));
}

/**
 * Both passwords: from `--password-stdin` (current, then new), or the current one from `AI_CHAT_PASSWORD` or the
 * terminal and the new one, typed twice, from the terminal without echo (docs/cli.md#secrets). Throws `input_required`
 * if there is no terminal.
 */
export async function passwordChangeFrom(call: Call): Promise<PasswordChange> {
  if (call.values.passwordStdin) return fromStdin(call);
  const prompt = terminal(call);
  if (prompt) return fromTerminal(call, prompt);
  const words = ["password", userWords(call), "--password-stdin"].filter((word) => word !== "");
  throw new ClientError(
    "input_required",
    "The new password is missing, and there is no terminal to ask for it.",
    {
      hint: `Write both into a pipe, a line each: ${typedCommand(call, words.join(" "))}`,
    },
  );
}
