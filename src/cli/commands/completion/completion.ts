import { ClientError } from "../../../client/failure.ts";
import type { Call } from "../../argv/call.ts";

const scripts = new Map<string, () => Promise<{ default: string }>>([
  ["bash", () => import("./ai-chat.bash")],
  ["zsh", () => import("./ai-chat.zsh")],
  ["fish", () => import("./ai-chat.fish")],
]);

/** `completion`: prints a shell's completion script, which calls `__complete` for candidates. */
export async function completion({
  words,
  output,
  program,
}: Pick<Call, "words" | "output" | "program">): Promise<void> {
  const [shell = ""] = words;
  const load = scripts.get(shell);
  if (!load || words.length > 1)
    throw new ClientError(
      "usage",
      `completion ${shell === "" ? "needs" : "takes"} one of: bash, zsh, fish.`,
      {
        hint: `See where each of them belongs: ${program.name} completion --help`,
      },
    );
  const script = (await load()).default;
  if (output.json) return output.document({ shell, script });
  await output.write(script);
}
