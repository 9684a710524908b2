import { createHash, createHmac, randomBytes } from "node:crypto";
import { chmod, cp, mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { copyStore } from "../../../../../src/server/stores/copy.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import { giveInFolder } from "../../../../support/operate-in-folder.ts";
import { inWorker } from "../../../../../src/server/stores/json/in-worker.ts";
import { keyOf, KeyError, openLedgerKey } from "../../../../../src/server/stores/json/key.ts";
import { load } from "../../../../../src/server/stores/json/load.ts";
import { FACTS } from "../../../../../src/server/stores/json/periodic.ts";
import { createFaultyFiles, killedAfter, systemError } from "./faulty-files.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { contentOf, disks, fillFolder, makeFolder, openStore, START } from "./place.ts";

const read = (dir: string, name = "ledger.jsonl") => readFile(join(dir, name), "utf8");
const linesOf = async (dir: string) => (await read(dir)).trimEnd().split("\n");
const noLocks = { recursive: true, filter: (path: string) => !path.includes("lock.") };

/** A key file in a folder of its own. */
async function makeKey(bytes = randomBytes(48)): Promise<string> {
  const path = join(await makeFolder(), "key");
  await writeFile(path, bytes, { mode: 0o600 });
  return path;
}

/** A closed folder with a fact of every kind, and its key. */
async function makeKeyed() {
  const ledgerKey = await makeKey();
  const dir = await makeFolder();
  await fillFolder(dir, { ledgerKey });
  return { dir, ledgerKey };
}

const hex = (crc: number) => crc.toString(16).padStart(8, "0");

/** The lines with new CRCs, as somebody without the key can make them. */
function resealed(lines: string[]): string {
  let crc = 0;
  const bodies = lines.map((line) => line.replace(/,"(crc|mac)":"[0-9a-f]+"\}$/, ""));
  return bodies
    .map((body) => {
      crc = crc32(body, crc);
      return `${body},"crc":"${hex(crc)}"}\n`;
    })
    .join("");
}

/** Changes the checkpoint together with its checksum. */
async function changeCheckpoint(dir: string, by: (text: string) => string): Promise<void> {
  const text = await read(dir, "accounts.json");
  const body = by(text.slice(0, text.lastIndexOf(',"checksum"')));
  const sum = createHash("sha256").update(body).digest("hex");
  await writeFile(join(dir, "accounts.json"), `${body},"checksum":"${sum}"}\n`);
}

const tokensIn = async (dir: string, more: Parameters<typeof openStore>[1]) => {
  const { store, warnings } = await openStore(dir, more);
  const jane = await store.accounts.byName("Jane");
  const { tokens } = await store.ledger.balance(jane?.id ?? "");
  await store.close();
  return { tokens, warnings };
};

describe("a ledger with a key", () => {
  it("has an HMAC of each line and the one before, from the line on that names the key", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const bytes = await readFile(ledgerKey);
    const hmac = (...parts: string[]) => createHmac("sha256", bytes).update(parts.join("")).digest("hex");
    const lines = await linesOf(dir);
    const [header = "", models = "", named = ""] = lines;
    const { at, key, mac } = JSON.parse(named) as Record<string, string>;
    expect(key).toBe(hmac("ai-chat ledger key").slice(0, 16));
    const before = createHash("sha256").update(`${header}\n${models}\n`).digest("hex");
    expect(mac).toBe(hmac(`${before} 2 ${at} ${key}`));
    let head = mac ?? "";
    for (const line of lines.slice(3)) {
      const body = line.slice(0, line.lastIndexOf(',"mac"'));
      head = hmac(head, body);
      expect(line).toBe(`${body},"mac":"${head}"}`);
    }
    expect(lines).toHaveLength(11);
    expect(JSON.parse(await read(dir, "accounts.json"))).toMatchObject({
      features: ["models", "key"],
      key,
      head,
    });
    expect(await checkFolder(dir, { ledgerKey, now: () => START })).toMatchObject({
      ok: true,
      head,
      lines: 11,
    });
    expect(await tokensIn(dir, { ledgerKey })).toEqual({ tokens: 3850, warnings: [] });
  });

  it.each([false, true])("is one that had none, and one more line, with models: %s", async (models) => {
    const dir = await makeFolder();
    await fillFolder(dir, { models });
    const before = (await read(dir)).replace('"version":1', '"version":2');
    const ledgerKey = await makeKey();
    const { tokens, warnings } = await tokensIn(dir, { ledgerKey });
    expect(tokens).toBe(3850);
    expect(warnings.join()).toMatch(
      models
        ? /^ledger\.jsonl has a key from now on/
        : /version 2, because it gets a key.*has a key from now on/,
    );
    const unsealed = (text: string) => text.replaceAll(/,"crc":"[0-9a-f]{8}"\}/g, "}");
    expect(unsealed(await read(dir)).startsWith(unsealed(before))).toBe(true);
    // A ledger of version 2 keeps its bytes.
    expect((await read(dir)).startsWith(before)).toBe(models);
    expect((await linesOf(dir)).filter((line) => line.includes('"feature":"key"'))).toHaveLength(1);
    expect(await checkFolder(dir, { ledgerKey })).toMatchObject({ ok: true, tokens: 3850 });
    // Once.
    expect(await tokensIn(dir, { ledgerKey })).toEqual({ tokens: 3850, warnings: [] });
  });

  it("is named in a way that an older ai-chat refuses, with and without its checkpoint", async () => {
    const { dir } = await makeKeyed();
    const named = (await linesOf(dir))[2] ?? "";
    // A line of its own form, and a feature that it does not know.
    expect(named).toMatch(/^\{"n":2,"at":"[^"]+","fact":"feature","feature":"key",.*,"crc":"[0-9a-f]{8}"\}$/);
    const text = await read(dir, "accounts.json");
    const body = text.slice(0, text.lastIndexOf(',"checksum"'));
    const sum = createHash("sha256").update(body).digest("hex");
    expect(text).toBe(`${body},"checksum":"${sum}"}\n`);
    expect(JSON.parse(text)).toMatchObject({ format: "ai-chat-checkpoint", version: 1 });
  });

  it("is refused without its key and with another one by all that opens it, and nothing is changed", async () => {
    const { dir } = await makeKeyed();
    const other = await makeKey();
    const bare = await makeFolder();
    await cp(dir, bare, noLocks);
    await rm(join(bare, "accounts.json"));
    for (const place of [dir, bare])
      for (const [ledgerKey, says] of [
        [undefined, /has a key, and none was named/],
        [other, /has another key than the one that was named/],
      ] as const) {
        const before = await contentOf(place);
        const grant = { id: "g", name: "Jane", tokens: 5 };
        const ways = {
          serve: () => openStore(place, { ledgerKey }),
          models: () => openStore(place, { ledgerKey, models: true }),
          grant: () => giveInFolder(place, grant, () => {}, ledgerKey),
          check: () => checkFolder(place, { ledgerKey }),
          copy: () => copyStore({ from: place, to: `${place}-copy`, warn: () => {}, ledgerKey }),
        };
        for (const [way, open] of Object.entries(ways)) {
          const error: unknown = await open().catch((error: unknown) => error);
          expect(error, way).toBeInstanceOf(KeyError);
          expect((error as Error).message, way).toMatch(says);
          expect((error as KeyError).hint, way).toContain("--ledger-key FILE");
        }
        expect(await contentOf(place)).toEqual(before);
      }
  });

  it("is refused by a running server for a grant without the key", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const { store } = await openStore(dir, { ledgerKey });
    const grant = { id: "g", name: "Jane", tokens: 5 };
    const give = (key?: string) => giveInFolder(dir, grant, () => {}, key);
    await expect(give()).rejects.toThrow(/has a key, and none was named/);
    await expect(give(await makeKey())).rejects.toThrow(/has another key/);
    expect((await store.ledger.balance((await store.accounts.byName("Jane"))!.id)).tokens).toBe(3850);
    expect(await give(ledgerKey)).toMatchObject({ kind: "granted", tokens: 3855 });
    // A server without a key takes a grant with one, as it always did.
    const plain = await makeFolder();
    await fillFolder(plain);
    await openStore(plain);
    expect(await giveInFolder(plain, grant, () => {}, ledgerKey)).toMatchObject({ kind: "granted" });
  });

  it("has no warning after an update: the checkpoint of an older ai-chat shows that nothing was lost", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const hmac = createHmac("sha256", await readFile(ledgerKey));
    await changeCheckpoint(dir, (text) => {
      const older = text.replace(/,"more":\[\[[^\]]*\]\]/, "").replace(/,"mac":"[0-9a-f]{64}"$/, "");
      expect(older).not.toContain('"more"');
      return `${older},"mac":"${hmac.update(older).digest("hex")}"`;
    });
    expect(await tokensIn(dir, { ledgerKey })).toEqual({ tokens: 3850, warnings: [] });
    expect(await read(dir, "accounts.json")).toContain('"more"');
  });

  it("is refused whichever bit was flipped, with a checkpoint and without", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const key = keyOf(await readFile(ledgerKey));
    const [ledger, accounts] = [
      await readFile(join(dir, "ledger.jsonl")),
      await readFile(join(dir, "accounts.json")),
    ];
    const found = (files: Record<string, Buffer>) =>
      load(createMemoryFiles(files), "", START, key).then(
        () => "read",
        (error: unknown) => (error instanceof Damage || error instanceof KeyError ? "refused" : error),
      );
    const flip = (bytes: Buffer, at: number) => {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 2;
      return flipped;
    };
    expect(await found({ "ledger.jsonl": ledger, "accounts.json": accounts })).toBe("read");
    for (let at = 0; at < ledger.length - 1; at += 1) {
      expect(await found({ "ledger.jsonl": flip(ledger, at) }), `byte ${at}`).toBe("refused");
      const both = { "ledger.jsonl": flip(ledger, at), "accounts.json": accounts };
      expect(await found(both), `byte ${at}`).toBe("refused");
    }
    for (let at = 0; at < accounts.length; at += 1)
      expect(await found({ "ledger.jsonl": ledger, "accounts.json": flip(accounts, at) })).toBe("refused");
  });

  it("gives its key to the worker that makes a checkpoint", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    let made: Promise<void> | undefined;
    const { store, warnings } = await openStore(dir, {
      ledgerKey,
      make: (wanted, signal) => (made = inWorker(wanted, signal, resolve("dist/checkpoint-worker.js"))),
    });
    const account = (await store.accounts.byName("Jane"))!.id;
    await Promise.all(
      Array.from({ length: FACTS }, (_, at) =>
        store.ledger.grant({ id: `g${at}`, account, tokens: 1, reason: "" }),
      ),
    );
    await made;
    expect(warnings).toEqual([]);
    const left = await makeFolder();
    await cp(dir, left, noLocks);
    expect(JSON.parse(await read(left, "accounts.json"))).toMatchObject({ features: ["models", "key"] });
    expect(await checkFolder(left, { ledgerKey, now: () => START })).toMatchObject({ ok: true });
    expect(await tokensIn(left, { ledgerKey })).toEqual({ tokens: 3850 + FACTS, warnings: [] });
  });
});

describe("somebody who may write the folder and does not have the key", () => {
  /** What a check and a start say; that they change nothing is checked too. */
  async function refusals(dir: string, ledgerKey: string): Promise<[check: string, start: string]> {
    const before = await contentOf(dir);
    const { findings } = await checkFolder(dir, { ledgerKey });
    const error: unknown = await openStore(dir, { ledgerKey }).catch((error: unknown) => error);
    expect(await contentOf(dir)).toEqual(before);
    const said = error instanceof StartupError ? error.message : "It started.";
    return [findings.map(({ what }) => what).join(), said];
  }
  const both = (says: RegExp) => [expect.stringMatching(says), expect.stringMatching(says)];

  it("cannot change, drop or add a line", async () => {
    const harms: [(lines: string[]) => string, RegExp][] = [
      [(lines) => lines.join("\n").replace('"balance":4050', '"balance":9050'), /line 5 |checksum/],
      [(lines) => [...lines.slice(0, 6), ...lines.slice(7), ""].join("\n"), /line 7 |checksum/],
      // With new CRCs for all lines, as a ledger without a key has them.
      [(lines) => resealed(lines), /line 4 |not whole/],
      // With a line after the last one, whose HMAC cannot be made.
      [
        (lines) => `${[...lines, (lines.at(-1) ?? "").replace('"n":10', '"n":11')].join("\n")}\n`,
        /line 12 |checksum/,
      ],
    ];
    for (const [harm, says] of harms) {
      const { dir, ledgerKey } = await makeKeyed();
      await rm(join(dir, "accounts.json"));
      await writeFile(join(dir, "ledger.jsonl"), harm(await linesOf(dir)));
      expect(await refusals(dir, ledgerKey)).toEqual(both(says));
    }
  });

  it("cannot change what was written before the ledger had a key", async () => {
    const dir = await makeFolder();
    await fillFolder(dir, { models: true });
    const ledgerKey = await makeKey();
    await tokensIn(dir, { ledgerKey });
    await rm(join(dir, "accounts.json"));
    const lines = await linesOf(dir);
    const at = lines.findIndex((line) => line.includes('"feature":"key"'));
    const richer = resealed(lines.slice(0, at + 1)).replace("Grüße", "Gruß");
    await writeFile(join(dir, "ledger.jsonl"), resealed(richer.trimEnd().split("\n")));
    expect(await refusals(dir, ledgerKey)).toEqual(both(/changed by somebody without the key/));
  });

  it("cannot change the checkpoint, nor put one without a key in its place", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const whole = await read(dir, "accounts.json");
    await changeCheckpoint(dir, (text) => text.replace('"tokens":3850', '"tokens":9999'));
    expect(await refusals(dir, ledgerKey)).toEqual(both(/changed by somebody without the key/));

    await writeFile(join(dir, "accounts.json"), whole);
    await changeCheckpoint(dir, (text) =>
      text
        .replace('"tokens":3850', '"tokens":9999')
        .replace('["models","key"]', '["models"]')
        .replace(/,"mac":"[0-9a-f]{64}"$/, ""),
    );
    expect((await checkFolder(dir, { ledgerKey })).ok).toBe(false);
    expect(await tokensIn(dir, { ledgerKey })).toMatchObject({ tokens: 3850 });
  });

  it("cannot cut the end off unnoticed: refused beside the checkpoint, a warning with the head without", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const lines = await linesOf(dir);
    const checkpoint = await read(dir, "accounts.json");
    await writeFile(join(dir, "ledger.jsonl"), `${lines.slice(0, -1).join("\n")}\n`);
    expect(await refusals(dir, ledgerKey)).toEqual(
      both(/it has \d+ bytes, but accounts\.json was made from/),
    );
    await rm(join(dir, "accounts.json"));
    const head = /"mac":"([0-9a-f]{64})"/.exec(lines.at(-2) ?? "")?.[1] ?? "";
    expect(await checkFolder(dir, { ledgerKey })).toMatchObject({ ok: true, lines: 10, head });
    const { warnings } = await tokensIn(dir, { ledgerKey });
    expect(warnings).toEqual([expect.stringContaining(`It ends with line 10, ${head}: compare`)]);
    // Back as it was, with a checkpoint that fits no more.
    await writeFile(join(dir, "accounts.json"), checkpoint);
    expect(await refusals(dir, ledgerKey)).toEqual(
      both(/it has \d+ bytes, but accounts\.json was made from/),
    );
  });

  it("cannot take the key away unnoticed: check finds it, and a start says that the ledger gets a key", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    await rm(join(dir, "accounts.json"));
    const lines = (await linesOf(dir)).filter((line) => !line.includes('"feature":"key"'));
    const numbered = lines.map((line, at) => line.replace(/^\{"n":\d+/, `{"n":${at}`));
    await writeFile(join(dir, "ledger.jsonl"), resealed(numbered));
    const { ok, findings } = await checkFolder(dir, { ledgerKey });
    expect({ ok, findings }).toMatchObject({
      ok: false,
      findings: [{ what: expect.stringContaining("no key") }],
    });
    const copy = copyStore({ from: dir, to: `${dir}-copy`, warn: () => {}, ledgerKey });
    await expect(copy).rejects.toThrow(/has no key, although one was named/);
    expect((await tokensIn(dir, { ledgerKey })).warnings).toEqual([
      expect.stringContaining("somebody has removed that"),
    ]);
  });
});

describe("a copy of a folder with a key", () => {
  it("has no key, and gets one when a server starts on it", async () => {
    const { dir, ledgerKey } = await makeKeyed();
    const to = join(await makeFolder(), "copy");
    await copyStore({ from: dir, to, warn: () => {}, ledgerKey, now: START });
    expect(await checkFolder(to)).toMatchObject({ ok: true, tokens: 3850 });
    expect(await tokensIn(to, { ledgerKey: await makeKey() })).toMatchObject({ tokens: 3850 });
    await expect(openStore(to)).rejects.toThrow(KeyError);
  });
});

describe("a key file", () => {
  const opened = (path: string, dir: string) =>
    openLedgerKey(path, dir).then(
      () => "opened",
      (error: unknown) => (error instanceof StartupError ? `${error.message} ${error.hint}` : error),
    );

  it("is refused if others can read it, if it is short, or if it is in the folder or cannot be read", async () => {
    const dir = await makeFolder();
    const path = await makeKey();
    expect(await opened(path, dir)).toBe("opened");
    expect(await opened(path, join(dir, "not", "yet"))).toBe("opened");
    for (const mode of [0o640, 0o604, 0o620]) {
      await chmod(path, mode);
      expect(await opened(path, dir), mode.toString(8)).toMatch(/can be read by other users\. .*chmod 600/);
    }
    expect(await opened(await makeKey(randomBytes(31)), dir)).toMatch(/has fewer than 32 bytes/);
    expect(await opened(await makeKey(randomBytes(32)), dir)).toBe("opened");
    expect(await opened(join(dir, "none"), dir)).toMatch(/cannot be read \(ENOENT\)/);
    expect(await opened(dir, join(dir, "store"))).toMatch(/cannot be read \(EISDIR\)/);

    await writeFile(join(dir, "key"), randomBytes(48), { mode: 0o600 });
    await mkdir(join(dir, "deep"));
    await symlink(dir, `${dir}-link`);
    await symlink(join(dir, "key"), join(await makeFolder(), "key"));
    for (const [key, folder] of [
      [join(dir, "key"), dir],
      [join(`${dir}-link`, "key"), dir],
      [join(dir, "key"), `${dir}-link`],
      [join(dir, "key"), join(dir, "deep", "..")],
    ] as const)
      expect(await opened(key, folder), key).toMatch(/is in the data folder/);
    expect(await opened(join(dir, "key"), join(dir, "deep"))).toBe("opened");
    await rm(`${dir}-link`);
  });

  it("that is refused changes nothing, and makes no folder", async () => {
    const dir = join(await makeFolder(), "new");
    await expect(openStore(dir, { ledgerKey: join(dir, "none") })).rejects.toThrow(/cannot be read/);
    await expect(stat(dir)).rejects.toThrow("ENOENT");
  });
});

describe.each(disks)("a start that gives a ledger its key on $name", ({ files: on }) => {
  it("may be killed at any call: the ledger has the key or has none, and is whole", async () => {
    const original = await makeFolder();
    await fillFolder(original, { models: true });
    const ledgerKey = await makeKey();
    const keyed: boolean[] = [];
    for (let step = 0, ended = false; !ended; step += 1) {
      const [dir, left] = [await makeFolder(), await makeFolder()];
      await cp(original, dir, noLocks);
      const { files, reached, kill } = killedAfter(step, on);
      const opening = openStore(dir, { files, ledgerKey });
      ended = await Promise.race([opening.then(() => true), reached]);
      await cp(dir, left, noLocks);
      kill();
      await opening.catch(() => {});
      const has = (await read(left)).includes('"feature":"key"');
      keyed.push(has);
      const bare = await openStore(left).catch((error: unknown) => error);
      expect(bare instanceof KeyError, `${step}`).toBe(has);
      if (!(bare instanceof Error)) await (bare as Awaited<ReturnType<typeof openStore>>).store.close();
      expect((await tokensIn(left, { ledgerKey })).tokens, `${step}`).toBe(3850);
      expect(await checkFolder(left, { ledgerKey }), `${step}`).toMatchObject({ ok: true, tokens: 3850 });
    }
    const switched = keyed.indexOf(true);
    expect(switched).toBeGreaterThan(5);
    expect(keyed.slice(switched)).toEqual(keyed.slice(switched).map(() => true));
  });

  it("is refused if the line cannot be written, and the ledger stays as it was", async () => {
    // A start syncs the ledger once before.
    for (const [call, passed] of [
      ["write", 0],
      ["datasync", 1],
    ] as const) {
      const dir = await makeFolder();
      await fillFolder(dir, { models: true });
      const before = await read(dir);
      let made = 0;
      const files = createFaultyFiles(on, (name, file) =>
        name === call && file === "ledger.jsonl" && made++ === passed ? systemError("ENOSPC") : undefined,
      );
      const ledgerKey = await makeKey();
      await expect(openStore(dir, { files, ledgerKey }), call).rejects.toThrow(/ENOSPC/);
      expect(await read(dir), call).toBe(before);
      expect((await tokensIn(dir, {})).tokens, call).toBe(3850);
    }
  });
});
