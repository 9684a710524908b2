import { createHash } from "node:crypto";
import { appendFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

const check = (dir: string) => checkFolder(dir, { now: () => START });

/** A filled folder, and what a check of it says after `harm`; that the check changes nothing is checked too. */
async function checkAfter(harm: (file: (name: string) => string) => Promise<void>) {
  const dir = await makeFolder();
  await fillFolder(dir);
  await harm((name) => join(dir, name));
  const before = await contentOf(dir);
  const checked = await check(dir);
  expect(await contentOf(dir)).toEqual(before);
  return checked;
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

describe("a check of a folder", () => {
  it("finds nothing wrong in a sound one, and counts its content", async () => {
    const checked = await checkAfter(async () => {});
    expect(checked).toEqual({
      ok: true,
      findings: [],
      notes: [],
      running: false,
      lines: 9,
      accounts: 1,
      tokens: 3850,
      head: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  });

  it("finds nothing wrong in one whose last line a server is writing", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    const { store } = await openStore(dir);
    await store.accounts.create({ name: "john", passwordHash: "x", tokens: 10 });
    await appendFile(join(dir, "ledger.jsonl"), '{"n":10,"at"');
    const checked = await check(dir);
    expect(checked).toMatchObject({ ok: true, running: true, lines: 10, accounts: 2, tokens: 3860 });
    expect(checked.notes).toEqual(["ledger.jsonl, line 11: it is being written."]);
  });

  it("names the damaged line of the ledger, and counts what is before it", async () => {
    const { ok, findings, lines } = await checkAfter(async (file) => {
      const text = await readFile(file("ledger.jsonl"), "latin1");
      await flip(file("ledger.jsonl"), text.indexOf('"n":3'));
    });
    expect({ ok, lines }).toEqual({ ok: false, lines: 3 });
    expect(findings).toMatchObject([
      { file: "ledger.jsonl", line: 4, repair: expect.stringContaining("head") },
    ]);
  });

  it("checks the other files if one is damaged", async () => {
    const { findings, lines } = await checkAfter((file) => flip(file("accounts.json"), 100));
    expect(findings).toMatchObject([{ file: "accounts.json" }]);
    expect(lines).toBe(9);
    const both = await checkAfter(async (file) => {
      await flip(file("accounts.json"), 100);
      await flip(file("ledger.jsonl"), 300);
      await writeFile(file("secret"), "short");
    });
    expect(both.findings.map(({ file }) => file)).toEqual(["accounts.json", "ledger.jsonl", "secret"]);
  });

  it("finds a checkpoint that was changed together with its checksum", async () => {
    const { findings } = await checkAfter(async (file) => {
      const text = await readFile(file("accounts.json"), "utf8");
      const body = text.slice(0, text.lastIndexOf(',"checksum"')).replace('"tokens":3850', '"tokens":9999');
      const sum = createHash("sha256").update(body).digest("hex");
      await writeFile(file("accounts.json"), `${body},"checksum":"${sum}"}\n`);
    });
    expect(findings).toMatchObject([{ file: "accounts.json", what: expect.stringContaining("accounts") }]);
  });

  it("finds a ledger that is shorter than its checkpoint, or missing", async () => {
    const short = await checkAfter((file) => truncate(file("ledger.jsonl"), 700));
    expect(short.findings).toMatchObject([{ file: "ledger.jsonl", what: expect.stringContaining("700") }]);
    const gone = await checkAfter((file) => rm(file("ledger.jsonl")));
    expect(gone.findings).toMatchObject([{ file: "ledger.jsonl" }]);
  });

  it("reports what the next start repairs by itself as a note", async () => {
    const torn = await checkAfter((file) => appendFile(file("ledger.jsonl"), '{"n":9'));
    expect(torn).toMatchObject({ ok: true, notes: [expect.stringContaining("removes its 6 bytes")] });
    const unended = await checkAfter(async (file) => {
      await rm(file("accounts.json"));
      await truncate(file("ledger.jsonl"), (await readFile(file("ledger.jsonl"))).length - 1);
    });
    expect(unended).toMatchObject({
      ok: true,
      lines: 9,
      notes: [expect.stringContaining("line 9: its newline")],
    });
  });

  it("says that there is no store, and rejects if there is no folder", async () => {
    const dir = await makeFolder();
    expect(await check(dir)).toMatchObject({
      ok: true,
      lines: 0,
      notes: [expect.stringContaining("no ledger")],
    });
    await expect(check(join(dir, "nowhere"))).rejects.toThrow(StartupError);
  });
});
