import { expect, test } from "vitest";
import type { Call } from "../../../../../src/cli/argv/call.ts";
import { createFactWriter } from "../../../../../src/cli/commands/ledger/write-facts.ts";
import type { FactRow } from "../../../../../src/server/local.ts";
import { printableJson } from "../../../../../src/text/sanitize.ts";

const fact = (n: number, more: Partial<FactRow> = {}): FactRow => ({
  n,
  at: Date.UTC(2026, 10, 26, 14, 30, 5, 6),
  fact: "grant",
  tokens: 1000,
  balance: 4000 + n,
  model: null,
  key: null,
  reason: null,
  by: null,
  ...more,
});

/** What is written for two pages of facts, and what is noted. */
async function written(
  pages: FactRow[][],
  {
    json = false,
    csv = false,
    follow = false,
    columns,
  }: Partial<Record<"json" | "csv" | "follow", boolean>> & { columns?: number },
) {
  const said = { stdout: "", stderr: "" };
  const write = async (text: string) => void (said.stdout += text);
  const call = {
    values: { csv, follow },
    env: {},
    output: {
      json,
      stdout: { isTTY: columns !== undefined, columns },
      write,
      line: (text: string) => write(`${text}\n`),
      document: (value: unknown) => write(`${printableJson(value)}\n`),
      note: (text: string) => void (said.stderr += `${text}\n`),
    },
  } as unknown as Call;
  const writer = createFactWriter(call);
  for (const page of pages) await writer.add(page);
  await writer.end();
  return said;
}

const pages = [[fact(1), fact(2)], [fact(3)]];

test("JSON is one array, or an object a line while facts are followed", async () => {
  const { stdout } = await written(pages, { json: true });
  expect(stdout.match(/\n/g)).toHaveLength(1);
  const documents = JSON.parse(stdout) as object[];
  expect(documents).toHaveLength(3);
  expect(documents[0]).toEqual({ ...fact(1), at: "2026-11-26T14:30:05.006Z" });
  const lines = (await written(pages, { json: true, follow: true })).stdout.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual(documents);
  expect((await written([], { json: true })).stdout).toBe("[]\n");
});

test("CSV has its titles once, and guards text but no number", async () => {
  const spent = fact(2, { tokens: -100, model: "=cmd", reason: 'a "b", c', by: "@joe" });
  expect((await written([[fact(1)], [spent]], { csv: true })).stdout).toBe(
    "n,at,fact,tokens,balance,model,key,reason,by\r\n" +
      "1,2026-11-26T14:30:05.006Z,grant,1000,4001,,,,\r\n" +
      `2,2026-11-26T14:30:05.006Z,grant,-100,4002,'=cmd,,"a ""b"", c",'@joe\r\n`,
  );
});

test("a terminal gets no control sequence in any form", async () => {
  const hostile = [[fact(1, { reason: "\x1b[2Jgone\u202e", model: "\x07m" })]];
  for (const form of [{}, { csv: true }, { json: true }]) {
    const { stdout } = await written(hostile, { ...form, columns: 120 });
    expect(stdout).toContain("gone");
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  }
});

test.each([60, 80, 120])("a table fits a terminal of %i columns, in later pages too", async (columns) => {
  const long = fact(20_000, { model: "m".repeat(40), reason: "r".repeat(200), by: "b".repeat(200) });
  const { stdout } = await written([[fact(1)], [long], [fact(30_000)]], { columns });
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/TIME \(UTC\) +FACT +TOKENS +BALANCE/);
  for (const line of lines) expect(line.length).toBeLessThan(columns);
});
