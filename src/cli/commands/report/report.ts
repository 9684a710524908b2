import { ClientError } from "../../../client/failure.ts";
import { csvLine } from "../../../text/csv.ts";
import { plainText } from "../../../text/sanitize.ts";
import type { Call } from "../../argv/call.ts";
import { withReader } from "../../connection/books.ts";
import { tableLook } from "../../io/table.ts";
import { reportLines } from "./chart.ts";
import { isMonth } from "../../../text/is-month.ts";
import { firstDay, sumsOf, type Sum } from "./sums.ts";

async function print(sums: readonly Sum[], call: Call): Promise<void> {
  const { output, values } = call;
  const kind = values.groupBy;
  if (output.json)
    return output.document(
      sums.map(({ label, questions, tokens }) => ({ [kind]: label, questions, tokens })),
    );
  if (values.csv) {
    const rows = sums.map(({ label, questions, tokens }) => [label, questions, tokens]);
    const text = [[kind, "questions", "tokens"], ...rows].map(csvLine).join("");
    return output.write(output.stdout.isTTY ? plainText(text) : text);
  }
  const lines = await reportLines(sums, { kind, ...tableLook(call), color: output.color.stdout });
  await output.write(`${lines.join("\n")}\n`);
}

/** `report`: what all accounts used, by account, day or model (docs/accounts.md#books). */
export async function report(call: Call): Promise<void> {
  const { values, output, program } = call;
  if (values.csv && output.json)
    throw new ClientError("usage", "--csv and --json are two forms of the same. Leave one out.", {
      hint: `See: ${program.name} report --help`,
    });
  const { reportDays: days, groupBy: kind } = values;
  const first = firstDay(days, Date.now());
  const used = await withReader(call, (reader) => reader.use(first));
  const months = [...new Set(used.flatMap(({ day }) => (isMonth(day) ? [day] : [])))].toSorted();
  if (months.length > 0)
    output.note(
      `The ledger was compacted: it has only whole months of ${months.join(", ")}. They count with any days before ${first}${kind === "day" ? ", but without the days that are listed" : ""}.`,
    );
  await print(sumsOf(used, { kind, first, days }), call);
}
