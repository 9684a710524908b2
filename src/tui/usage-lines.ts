import type { Usage } from "../client/http/contract.ts";
import { counted } from "../text/numbers.ts";

/** Longest bar, in columns: with the date before and the number behind it a line fits into 60. */
const WIDEST = 36;

/** Where and with what it is drawn. */
interface Drawn {
  /** Of the screen; no line is as wide. */
  columns: number;
  /** What bars are made of: `█`, or `#` in ASCII. */
  block: string;
}

/** A line a day, its bar as long as its questions are to those of the fullest day. */
function chart({ days }: Usage, { columns, block }: Drawn): string[] {
  const most = Math.max(1, ...days.map(({ questions }) => questions));
  const rows = days.map(({ date, questions }) => ({ date, questions, told: counted(questions, "question") }));
  const room = columns - 1 - Math.max(...rows.map(({ date, told }) => date.length + told.length + 3));
  const widest = Math.max(1, Math.min(WIDEST, room));
  return rows.map(({ date, questions, told }) => {
    const length = questions === 0 ? 0 : Math.max(1, Math.round((questions / most) * widest));
    return `${date}  ${length === 0 ? "" : `${block.repeat(length)} `}${told}`;
  });
}

function sum({ tokens, days }: Usage): string {
  const total = (of: "questions" | "tokens") => days.reduce((sum, day) => sum + day[of], 0);
  const used = `${counted(total("questions"), "question")}, ${counted(total("tokens"), "token")} in ${counted(days.length, "day")}`;
  return tokens === null ? used : `${used}; ${counted(tokens, "token")} left`;
}

/** What an account used: questions a day as a bar chart, oldest first, and the sum under it. */
export function usageLines(used: Usage, drawn: Drawn): string[] {
  return [...chart(used, drawn), sum(used)];
}
