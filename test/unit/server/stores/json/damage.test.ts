import { copyFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { copyStore } from "../../../../../src/server/stores/copy.ts";
import { giveInFolder } from "../../../../support/operate-in-folder.ts";
import { load } from "../../../../../src/server/stores/json/load.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { contentOf, fillFolder, makeFolder, openStore, START } from "./place.ts";

/** A filled folder: its paths, and the lines of its ledger. */
async function makeFilled({ models = false } = {}) {
  const dir = await makeFolder();
  await fillFolder(dir, { models });
  const [ledger, checkpoint] = [join(dir, "ledger.jsonl"), join(dir, "accounts.json")];
  const bytes = await readFile(ledger);
  return { dir, ledger, checkpoint, bytes };
}

/** What a start finds in a folder of these files. */
const found = (contents: Record<string, Buffer>) =>
  load(createMemoryFiles(contents), "", START).catch((error: unknown) => error);

/** The bytes with one byte changed. */
function flip(bytes: Buffer, at: number, bits: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[at] = (flipped[at] ?? 0) ^ bits;
  return flipped;
}

/** Byte at which each line begins. */
function starts(bytes: Buffer): number[] {
  const places = [0];
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, end + 1)) places.push(end + 1);
  return places.slice(0, -1);
}

describe.each([{ models: false }, { models: true }])(
  "a ledger with flipped bits, models: $models",
  (version) => {
    it("is refused with a checkpoint, whichever bit was flipped", async () => {
      for (const bit of [1, 0x80]) {
        const { checkpoint, bytes } = await makeFilled(version);
        const accounts = await readFile(checkpoint);
        for (let at = 0; at < bytes.length; at += 1) {
          const damage = await found({ "ledger.jsonl": flip(bytes, at, bit), "accounts.json": accounts });
          expect(damage, `byte ${at}`).toBeInstanceOf(Damage);
        }
      }
    });

    it("is refused without a checkpoint, at the line with the flipped bit, except in the last newline", async () => {
      const { bytes } = await makeFilled(version);
      const places = starts(bytes);
      for (let at = 0; at < bytes.length - 1; at += 1) {
        const damage = await found({ "ledger.jsonl": flip(bytes, at, 2) });
        if (!(damage instanceof Damage)) throw new Error(`byte ${at} is not seen`);
        const line = places.findLastIndex((start) => start <= at) + 1;
        expect(damage.finding).toMatchObject({ file: "ledger.jsonl", line, byte: places[line - 1] });
      }
    });

    it("is refused by a start with file, line, byte and a repair, and nothing is changed", async () => {
      const { dir, ledger, bytes } = await makeFilled();
      const at = starts(bytes)[3] ?? 0;
      await writeFile(ledger, flip(bytes, at + 10, 1));
      const before = await contentOf(dir);
      const refusal: unknown = await openStore(dir).catch((error: unknown) => error);
      if (!(refusal instanceof StartupError)) throw new Error("It started.");
      expect(refusal.message).toContain(`ledger.jsonl, line 4 (byte ${at})`);
      expect(refusal.hint).toContain(`head -c ${at} ledger.jsonl.damaged > ledger.jsonl`);
      expect(await contentOf(dir)).toEqual(before);
    });

    it("starts again after the repair that the refusal names", async () => {
      const { dir, ledger, checkpoint, bytes } = await makeFilled();
      await rm(checkpoint);
      await writeFile(ledger, bytes.subarray(0, starts(bytes)[3]));
      const { store, warnings } = await openStore(dir);
      const jane = await store.accounts.byName("jane");
      expect(await store.ledger.balance(jane?.id ?? "")).toEqual({ tokens: 4050, held: 0 });
      expect(warnings).toEqual([]);
    });
  },
);

describe("a ledger that was cut short", () => {
  it.each([false, true])("counts every whole line, wherever it was cut, models: %s", async (models) => {
    const { bytes } = await makeFilled({ models });
    for (let length = bytes.length; length >= 0; length -= 1) {
      const files = createMemoryFiles({ "ledger.jsonl": bytes.subarray(0, length) });
      const loaded = await load(files, "", START);
      const text = bytes.toString("latin1", 0, length);
      const ended = text.endsWith("}") && bytes[length] === 10;
      const whole = text.split("\n").length - 1 + (ended ? 1 : 0);
      expect(loaded.end.line, `${length} bytes`).toBe(whole + 1);
      expect(loaded.books.n).toBe(Math.max(0, whole - 1));
      const torn = length > 0 && bytes[length - 1] !== 10 && !ended && whole > 0;
      expect(loaded.tail.kind).toBe(torn ? "torn" : ended ? "whole" : "none");
    }
  });

  it("is repaired with a warning: the torn line is cut off, and the next start has no warning", async () => {
    const { dir, ledger, checkpoint, bytes } = await makeFilled();
    await rm(checkpoint);
    const last = starts(bytes).at(-1) ?? 0;
    await truncate(ledger, last + 7);
    const first = await openStore(dir);
    expect(first.warnings).toEqual([expect.stringContaining(`line 9 (byte ${last}): the last write`)]);
    expect((await first.store.accounts.byName("jane"))?.disabled).toBe(false);
    expect((await readFile(ledger)).equals(bytes.subarray(0, last))).toBe(true);
    await first.store.close();
    expect((await openStore(dir)).warnings).toEqual([]);
  });

  it("keeps a last line without its newline, without a warning", async () => {
    const { dir, ledger, checkpoint, bytes } = await makeFilled();
    await rm(checkpoint);
    await truncate(ledger, bytes.length - 1);
    const { store, warnings } = await openStore(dir);
    expect((await store.accounts.byName("jane"))?.disabled).toBe(true);
    expect(warnings).toEqual([]);
    expect((await readFile(ledger)).equals(bytes)).toBe(true);
  });

  it("is refused if it is shorter than its checkpoint, or missing beside it", async () => {
    const { dir, ledger, bytes } = await makeFilled();
    for (const length of [bytes.length - 1, 40, 0]) {
      await truncate(ledger, length);
      const before = await contentOf(dir);
      await expect(openStore(dir)).rejects.toThrow(/^ledger\.jsonl: it has \d+ bytes, but/);
      expect(await contentOf(dir)).toEqual(before);
    }
    await rm(ledger);
    const before = await contentOf(dir);
    await expect(openStore(dir)).rejects.toThrow(/^ledger\.jsonl: it is missing/);
    expect(await contentOf(dir)).toEqual(before);
  });

  it("is made again after a first start that was killed before the header was written", async () => {
    const { dir, ledger, checkpoint, bytes } = await makeFilled();
    await rm(checkpoint);
    await truncate(ledger, 60);
    const { store } = await openStore(dir);
    expect(await store.accounts.byName("jane")).toBeUndefined();
    expect((await readFile(ledger)).length).toBe(starts(bytes)[1]);
  });

  it("is refused if it is the file of another program", async () => {
    for (const content of [
      "hello",
      '{"format":"another","version":1}',
      "\n",
      '{"format":"ai-chat-ledger"}',
    ]) {
      const dir = await makeFolder();
      await writeFile(join(dir, "ledger.jsonl"), content);
      await expect(openStore(dir), content).rejects.toThrow(StartupError);
      expect(await readFile(join(dir, "ledger.jsonl"), "utf8"), content).toBe(content);
    }
  });

  it("is refused with its version if that is newer", async () => {
    const { dir, ledger, checkpoint, bytes } = await makeFilled();
    await rm(checkpoint);
    await writeFile(ledger, bytes.toString("utf8").replace('"version":1', '"version":3'));
    const says = /line 1 .*version 3, which this ai-chat cannot read: it was made by a newer ai-chat/;
    await expect(openStore(dir)).rejects.toThrow(says);
  });
});

describe("a ledger that was emptied or removed", () => {
  const harms: [string, (ledger: string) => Promise<void>][] = [
    ["empty", (ledger) => truncate(ledger, 0)],
    ["cut inside its first line", (ledger) => truncate(ledger, 60)],
    ["missing", (ledger) => rm(ledger)],
  ];
  const cases = ["accounts.json", "secret", "address"].flatMap((trace) =>
    harms.map(([state, harm]) => ({ trace, state, harm })),
  );

  /** A folder in which only `trace` is left beside the harmed ledger. */
  async function makeHarmed(trace: string, harm: (ledger: string) => Promise<void>): Promise<string> {
    const { dir, ledger, checkpoint } = await makeFilled();
    await writeFile(join(dir, trace), await readFile(checkpoint));
    if (trace !== "accounts.json") await rm(checkpoint);
    await harm(ledger);
    return dir;
  }

  it("is refused if any other file shows that there was a store, and nothing is changed", async () => {
    for (const { trace, state, harm } of cases) {
      const row = `${state} beside ${trace}`;
      const dir = await makeHarmed(trace, harm);
      const before = await contentOf(dir);
      const says = new RegExp(`^ledger\\.jsonl: (it is missing|it has \\d+ bytes), but ${trace} `);
      const grant = { id: "g", name: "Jane", tokens: 5 };
      await expect(openStore(dir), row).rejects.toThrow(says);
      await expect(
        giveInFolder(dir, grant, () => {}),
        row,
      ).rejects.toThrow(says);
      await expect(copyStore({ from: dir, to: `${dir}-copy`, warn: () => {} }), row).rejects.toThrow(says);
      const { ok, findings } = await checkFolder(dir);
      expect(ok, row).toBe(false);
      expect(findings, row).toContainEqual(
        expect.objectContaining({ file: "ledger.jsonl", what: expect.stringContaining(trace) }),
      );
      expect(await contentOf(dir), row).toEqual(before);
    }
  });

  it("is made again if only locks and unfinished files are beside it", async () => {
    for (const [state, harm] of harms) {
      const { dir, ledger, checkpoint } = await makeFilled();
      await rm(checkpoint);
      for (const name of ["accounts.json.new", "secret.new", "address.new"])
        await writeFile(join(dir, name), "");
      await harm(ledger);
      expect(await checkFolder(dir), state).toMatchObject({ ok: true, lines: 0 });
      const grant = { id: "g", name: "Jane", tokens: 5 };
      expect(await giveInFolder(dir, grant, () => {}), state).toEqual({ kind: "no_store" });
      const { store } = await openStore(dir);
      expect(await store.accounts.byName("jane"), state).toBeUndefined();
    }
  });
});

describe("a damaged checkpoint", () => {
  it("is refused whichever bit was flipped", async () => {
    for (const [bit, models] of [
      [1, false],
      [0x80, true],
    ] as const) {
      const { checkpoint, bytes: ledger } = await makeFilled({ models });
      const bytes = await readFile(checkpoint);
      for (let at = 0; at < bytes.length; at += 1) {
        const damage = await found({ "ledger.jsonl": ledger, "accounts.json": flip(bytes, at, bit) });
        expect(damage, `byte ${at}`).toBeInstanceOf(Damage);
      }
    }
  });

  it("is refused if it is cut or replaced", async () => {
    for (const content of ["", "{}", "null", "[]", "\0".repeat(500)]) {
      const { dir, checkpoint } = await makeFilled();
      await writeFile(checkpoint, content);
      const before = await contentOf(dir);
      await expect(openStore(dir), JSON.stringify(content)).rejects.toThrow(
        /^accounts\.json: its checksum is wrong/,
      );
      expect(await contentOf(dir), JSON.stringify(content)).toEqual(before);
    }
  });

  it("is rebuilt from the ledger if it was removed", async () => {
    const { dir, checkpoint } = await makeFilled();
    const bytes = await readFile(checkpoint);
    await rm(checkpoint);
    const { store } = await openStore(dir);
    await store.close();
    expect((await readFile(checkpoint)).equals(bytes)).toBe(true);
  });

  it("is refused beside another ledger", async () => {
    const [one, other] = [await makeFilled(), await makeFilled()];
    await copyFile(other.checkpoint, one.checkpoint);
    await expect(openStore(one.dir)).rejects.toThrow(/^accounts\.json: it was made from another ledger/);
  });

  it("is removed if it was never finished", async () => {
    const { dir, checkpoint } = await makeFilled();
    await writeFile(`${checkpoint}.new`, "{");
    const { warnings } = await openStore(dir);
    expect(warnings).toEqual([]);
    expect(Object.keys(await contentOf(dir))).toEqual(["accounts.json", "ledger.jsonl"]);
  });
});
