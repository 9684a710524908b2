import type { FactRow } from "../../../server/local.ts";
import { csvLine } from "../../../text/csv.ts";
import { plainText } from "../../../text/sanitize.ts";
import type { Call } from "../../argv/call.ts";
import { createJsonList } from "../../io/json-list.ts";
import { createTable, tableLook, type Column } from "../../io/table.ts";
import type { FactDocument } from "./document.ts";

/** Writes facts that come in pages. `end`: there are no more. */
interface FactWriter {
  add(facts: readonly FactRow[]): Promise<void>;
  end(): Promise<void>;
}

const columns: readonly Column<FactRow>[] = [
  { name: "n", title: "n", kind: "number", value: ({ n }) => n, rank: 5 },
  { name: "at", title: "time (UTC)", kind: "second", value: ({ at }) => at },
  { name: "fact", title: "fact", kind: "text", value: ({ fact }) => fact },
  { name: "tokens", title: "tokens", kind: "number", value: ({ tokens }) => tokens },
  { name: "balance", title: "balance", kind: "number", value: ({ balance }) => balance },
  { name: "model", title: "model", kind: "text", value: ({ model }) => model, rank: 3 },
  { name: "key", title: "key", kind: "text", value: ({ key }) => key, rank: 4, onlyIfFilled: true },
  { name: "reason", title: "reason", kind: "text", value: ({ reason }) => reason, rank: 1 },
  { name: "by", title: "by", kind: "text", value: ({ by }) => by, rank: 2 },
];

const documentOf = ({ n, at, fact, tokens, balance, model, key, reason, by }: FactRow): FactDocument => ({
  n,
  at: new Date(at).toISOString(),
  fact,
  tokens,
  balance,
  model,
  key,
  reason,
  by,
});

function csvWriter({ output }: Call): FactWriter {
  const write = (text: string) => output.write(output.stdout.isTTY ? plainText(text) : text);
  let before = csvLine(columns.map(({ name }) => name));
  return {
    async add(facts) {
      await write(before + facts.map((fact) => csvLine(Object.values(documentOf(fact)))).join(""));
      before = "";
    },
    end: async () => write(before),
  };
}

function jsonWriter({ output, values }: Call): FactWriter {
  if (!values.follow) {
    const list = createJsonList(output);
    return { add: (facts) => list.add(facts.map(documentOf)), end: () => list.end() };
  }
  return {
    async add(facts) {
      for (const fact of facts) await output.document(documentOf(fact));
    },
    end: async () => {},
  };
}

function tableWriter(call: Call): FactWriter {
  const { output } = call;
  const table = createTable(columns, tableLook(call));
  let isEmpty = true;
  return {
    async add(facts) {
      isEmpty = false;
      await output.line((await table.lines(facts)).join("\n"));
    },
    async end() {
      if (isEmpty) output.note("There are no facts in this time.");
    },
  };
}

/** Writes facts to stdout in the form that was asked for. */
export function createFactWriter(call: Call): FactWriter {
  if (call.output.json) return jsonWriter(call);
  return call.values.csv ? csvWriter(call) : tableWriter(call);
}
