import type { Usage } from "../../client/contract.ts";
import type { Call } from "../call.ts";
import type { Document } from "../documents.ts";
import { counted } from "../numbers.ts";
import { isAscii } from "../terminal.ts";
import { withTarget } from "../target.ts";

/** Longest bar, in columns: with the date before and the number behind it a line fits into 60. */
const WIDEST = 36;

/** A line a day, its bar as long as its questions are to those of the fullest day. */
function chart({ days }: Usage, block: string): string[] {
  const most = Math.max(1, ...days.map(({ questions }) => questions));
  return days.map(({ date, questions }) => {
    const length = questions === 0 ? 0 : Math.max(1, Math.round((questions / most) * WIDEST));
    return `${date}  ${length === 0 ? "" : `${block.repeat(length)} `}${counted(questions, "question")}`;
  });
}

function sum({ tokens, days }: Usage): string {
  const total = (of: "questions" | "tokens") => days.reduce((sum, day) => sum + day[of], 0);
  const used = `${counted(total("questions"), "question")}, ${counted(total("tokens"), "token")} in ${counted(days.length, "day")}`;
  return tokens === null ? used : `${used}; ${counted(tokens, "token")} left`;
}

/** `usage`: questions a day as a bar chart, and the sum. */
export async function usage(call: Call): Promise<void> {
  const { output, values, env, signal } = call;
  await withTarget(call, "needed", async ({ client }) => {
    const used = await client.usage(values.days, signal);
    if (output.json) return output.document(used satisfies Document<"usage">);
    await output.line([...chart(used, isAscii(env) ? "#" : "█"), sum(used)].join("\n"));
  });
}
