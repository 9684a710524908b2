import { counted } from "../../../text/numbers.ts";
import { oneLine } from "../../../text/sanitize.ts";
import { usageLines } from "../../../tui/usage-lines.ts";
import type { Call } from "../../argv/call.ts";
import type { UsageDocument } from "./document.ts";
import { isAscii } from "../../io/terminal.ts";
import { withTarget } from "../../connection/target.ts";

/** Width if stdout is not a terminal. */
const COLUMNS = 80;

/** `usage`: shows the questions per day as a bar chart, and their sum. */
export async function usage(call: Call): Promise<void> {
  const { output, values, env, signal } = call;
  await withTarget(call, "needed", async ({ client }) => {
    const used = await client.usage(values.days, signal, values.usageBy);
    if (output.json) return output.document(used satisfies UsageDocument);
    const columns = (output.stdout.isTTY && output.stdout.columns) || COLUMNS;
    await output.line(usageLines(used, { columns, block: isAscii(env) ? "#" : "█" }).join("\n"));
    for (const { name, questions, tokens } of used.by ?? []) {
      const who = name === null ? (values.usageBy === "key" ? "without a key" : "not known") : oneLine(name);
      await output.line(`${who}: ${counted(questions, "question")}, ${counted(tokens, "token")}`);
    }
  });
}
