import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { FactRow } from "../../../../../src/server/core/operations.ts";
import type { Store } from "../../../../../src/server/core/store.ts";
import { copyStore } from "../../../../../src/server/stores/copy.ts";
import { backUpFolder } from "../../../../../src/server/stores/json/backup.ts";
import { checkFolder } from "../../../../../src/server/stores/json/check.ts";
import { compactFolder } from "../../../../../src/server/stores/json/compact.ts";
import { Damage } from "../../../../../src/server/stores/json/damage.ts";
import type { Event, Line } from "../../../../../src/server/stores/json/facts.ts";
import { factLine, headerLine } from "../../../../../src/server/stores/json/line.ts";
import { load } from "../../../../../src/server/stores/json/load.ts";
import { createJsonReader } from "../../../../../src/server/stores/json/read-facts.ts";
import { openFolder } from "../../../../../src/server/stores/json/read-in-folder.ts";
import { restoreFolder } from "../../../../../src/server/stores/json/restore.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { fillFolder, makeFolder, openStore, START } from "./place.ts";

const DAY = 86_400_000;
const digestOf = (id: string) => id.slice(1).padStart(64, "0");

const linesIn = async (dir: string) =>
  (await readFile(join(dir, "ledger.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/"account":"[0-9a-f]+"/, '"account":"A"').replace(/,"crc":.*/, ""));

async function register({ accounts }: Store, name: string): Promise<string> {
  const made = await accounts.create({ name, passwordHash: "$2b$one", tokens: 4000 });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.account.id;
}

let holds = 0;

async function ask({ ledger }: Store, account: string, apiKey?: string, key?: string): Promise<void> {
  const id = `h${(holds += 1)}`;
  const asked = { id, account, digest: "d".repeat(64), price: 100, model: "small", apiKey, key };
  await ledger.hold({ ...asked, expires: START + 400 * DAY });
  expect(await ledger.charge(id)).toMatchObject({ kind: "charged" });
}

const make = ({ apiKeys }: Store, account: string, id: string, name = id) =>
  apiKeys?.create({ id, account, name, digest: digestOf(id), limit: null, expires: null });

/** Jane with the keys k1, which has paid and ended, k2, which a password ended, and k3; and John, who was deleted. */
async function fill(dir: string): Promise<string> {
  const { store } = await openStore(dir);
  const jane = await register(store, "jane");
  await ask(store, jane);
  const limit = { tokens: 500, per: "month" } as const;
  await store.apiKeys?.create({
    id: "k1",
    account: jane,
    name: "ci",
    digest: digestOf("k1"),
    limit,
    expires: START + DAY,
  });
  await ask(store, jane, "k1", "a".repeat(64));
  await ask(store, jane, "k1", "a".repeat(64));
  await ask(store, jane, "k1");
  await store.apiKeys?.revoke(jane, "k1");
  await make(store, jane, "k2", "ci");
  await store.accounts.setPassword({ account: jane, generation: 1, passwordHash: "$2b$two", endsKeys: true });
  await store.accounts.setPassword({ account: jane, generation: 2, passwordHash: "$2b$3", endsKeys: true });
  await make(store, jane, "k3", "ci");
  await ask(store, jane, "k3");
  const john = await register(store, "john");
  await make(store, john, "k4", "private");
  await ask(store, john, "k4");
  await store.operations.remove(john, { reason: null, by: null });
  await store.close();
  return jane;
}

async function rowsOf(dir: string, account: string): Promise<Pick<FactRow, "fact" | "key">[]> {
  const reader = createJsonReader(await openFolder(dir));
  const rows = [];
  for await (const { fact, key } of reader.facts({ account })) rows.push({ fact, key });
  await reader.close();
  return rows;
}

/** What a store says of Jane's keys, without what a restart loses. */
async function stateOf(store: Store, jane: string) {
  const { ledger } = store;
  const sums = [await ledger.usageBy?.(jane, 90, "key"), await ledger.usageBy?.(jane, 90, "model")];
  const sorted = sums.map((all = []) => all.sort((one, other) => one.tokens - other.tokens));
  return { keys: await store.apiKeys?.list(jane), sums: sorted };
}

describe("the first API key", () => {
  it("writes a ledger of version 1 anew, and charges name it from then on", async () => {
    const dir = await makeFolder();
    await fill(dir);
    const of = '"account":"A","name":"jane"';
    const [time, key] = ['"at":"2026-11-22T10:00:00.000Z"', "a".repeat(64)];
    const digest = "d".repeat(64);
    const all = (await linesIn(dir)).map((line) => line.replace(/"id":"h\d+"/, '"id":"H"'));
    expect(all.slice(2, 14)).toEqual([
      `{"n":2,${time},"fact":"charge",${of},"id":"H","tokens":-100,"balance":3900`,
      `{"n":3,${time},"fact":"feature","feature":"models"`,
      `{"n":4,${time},"fact":"feature","feature":"api_keys"`,
      `{"n":5,${time},"fact":"api_key",${of},"id":"k1","label":"ci","digest":"${digestOf("k1")}","limit":{"tokens":500,"per":"month"},"expires":"2026-11-23T10:00:00.000Z","balance":3900`,
      `{"n":6,${time},"fact":"charge",${of},"id":"H","tokens":-100,"model":"small","apiKey":"k1","key":"${key}","digest":"${digest}","balance":3800`,
      `{"n":7,${time},"fact":"again",${of},"id":"H","tokens":0,"apiKey":"k1","key":"${key}","digest":"${digest}","balance":3800`,
      `{"n":8,${time},"fact":"charge",${of},"id":"H","tokens":-100,"model":"small","apiKey":"k1","balance":3700`,
      `{"n":9,${time},"fact":"api_key_ended",${of},"id":"k1","balance":3700`,
      `{"n":10,${time},"fact":"api_key",${of},"id":"k2","label":"ci","digest":"${digestOf("k2")}","limit":null,"expires":null,"balance":3700`,
      `{"n":11,${time},"fact":"password",${of},"hash":"$2b$two","generation":2,"endsKeys":true,"balance":3700`,
      `{"n":12,${time},"fact":"password",${of},"hash":"$2b$3","generation":3,"balance":3700`,
      `{"n":13,${time},"fact":"api_key",${of},"id":"k3","label":"ci","digest":"${digestOf("k3")}","limit":null,"expires":null,"balance":3700`,
    ]);
    expect(await checkFolder(dir, { now: () => START })).toMatchObject({ ok: true, findings: [] });
  });

  it("warns that an older ai-chat refuses to start, and a folder without one stays as it is", async () => {
    const dir = await makeFolder();
    await fillFolder(dir);
    const before = await linesIn(dir);
    const { store, warnings } = await openStore(dir);
    const { id = "" } = (await store.accounts.byName("jane")) ?? {};
    expect(await store.apiKeys?.revoke(id, "none")).toEqual({ kind: "unknown" });
    await store.accounts.setPassword({ account: id, generation: 2, passwordHash: "$2b$", endsKeys: true });
    expect((await linesIn(dir)).slice(0, -1)).toEqual(before);
    expect((await linesIn(dir)).at(-1)).not.toContain("endsKeys");
    expect(warnings).toEqual([]);
    await make(store, id, "k1");
    expect(warnings).toEqual([expect.stringContaining("as version 2, because it now has API keys")]);
  });

  it("refuses what the ledger cannot have", async () => {
    const { store } = await openStore(await makeFolder());
    const of = { id: "k1", account: await register(store, "jane"), name: "ci", digest: digestOf("k1") };
    for (const tokens of [-1, 0.5, Number.NaN, 2 ** 53])
      await expect(
        store.apiKeys?.create({ ...of, limit: { tokens, per: "day" }, expires: null }),
      ).rejects.toBeInstanceOf(RangeError);
    const per = "year" as "day";
    await expect(
      store.apiKeys?.create({ ...of, limit: { tokens: 1, per }, expires: null }),
    ).rejects.toBeInstanceOf(RangeError);
    for (const expires of [0.5, Number.NaN, 8.64e15 + 1, -8.64e15 - 1])
      await expect(store.apiKeys?.create({ ...of, limit: null, expires })).rejects.toBeInstanceOf(RangeError);
    for (const wrong of [{ id: "" }, { name: "" }, { digest: "x" }])
      await expect(
        store.apiKeys?.create({ ...of, limit: null, expires: null, ...wrong }),
      ).rejects.toBeInstanceOf(RangeError);
    expect(await store.apiKeys?.list(of.account)).toEqual([]);
  });
});

describe("API keys in a folder", () => {
  it("give the facts their names, also after a compaction", async () => {
    const dir = await makeFolder();
    const jane = await fill(dir);
    const rows = [
      { fact: "charge", key: null },
      { fact: "api_key", key: "ci" },
      { fact: "charge", key: "ci" },
      { fact: "again", key: "ci" },
      { fact: "charge", key: "ci" },
      { fact: "api_key_ended", key: "ci" },
      { fact: "api_key", key: "ci" },
      { fact: "password", key: null },
      { fact: "password", key: null },
      { fact: "api_key", key: "ci" },
      { fact: "charge", key: "ci" },
    ];
    expect((await rowsOf(dir, jane)).slice(1)).toEqual(rows);
    await compactFolder(dir, { now: START, warn: () => {} });
    const { store } = await openStore(dir);
    await ask(store, jane, "k3");
    expect(await rowsOf(dir, jane)).toEqual([
      { fact: "opening", key: null },
      { fact: "charge", key: "ci" },
    ]);
  });

  it("are in a compacted ledger and in copies, with what they spent and who used what", async () => {
    const dir = await makeFolder();
    const jane = await fill(dir);
    const { store } = await openStore(dir);
    const state = await stateOf(store, jane);
    expect(state).toMatchObject({
      keys: [{ id: "k3", name: "ci", spent: 100, lastUsed: START }],
      sums: [
        [
          { name: null, questions: 1, tokens: 100 },
          { name: "ci", questions: 3, tokens: 300 },
        ],
        [
          { name: null, questions: 1, tokens: 100 },
          { name: "small", questions: 3, tokens: 300 },
        ],
      ],
    });
    await store.close();
    const [copy, compacted, restored] = ["copy", "compacted", "restored"].map((name) => join(dir, name)) as [
      string,
      string,
      string,
    ];
    await copyStore({ from: dir, to: copy, now: START, warn: () => {} });
    await compactFolder(dir, { now: START, warn: () => {} });
    await copyStore({ from: dir, to: compacted, now: START, warn: () => {} });
    const [file, now, warn] = [join(await makeFolder(), "a.backup"), () => START, () => {}];
    await backUpFolder({ dir, to: file, secrets: true, now, warn });
    await restoreFolder({ file, dir: restored, now, warn });
    for (const other of [dir, copy, compacted, restored]) {
      const { store: opened } = await openStore(other);
      expect(await stateOf(opened, jane)).toEqual(state);
      // The key that a password ended is not live again, and the paid question is known.
      expect(await opened.apiKeys?.byDigest(digestOf("k2"))).toBeUndefined();
      expect(await make(opened, jane, "k1", "new")).toEqual({ kind: "taken" });
      await opened.close();
      expect(await checkFolder(other, { now: () => START })).toMatchObject({ ok: true, findings: [] });
    }
    // Of the deleted account.
    expect((await linesIn(copy)).join("\n")).not.toContain("private");
    expect((await linesIn(dir)).join("\n")).not.toContain("private");
  });

  it("are found damaged, wherever a bit of the ledger was flipped", async () => {
    const dir = await makeFolder();
    await fill(dir);
    const bytes = await readFile(join(dir, "ledger.jsonl"));
    const from = bytes.indexOf('{"n":5');
    for (let at = from; at < bytes.length - 1; at += 7) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ 2;
      const damage = await load(createMemoryFiles({ "ledger.jsonl": flipped }), "", START).catch(
        (error: unknown) => error,
      );
      expect(damage, `byte ${at}`).toBeInstanceOf(Damage);
    }
  });
});

describe("in a ledger with the feature api_keys", () => {
  type Of = { who?: "jane" | "john"; name?: string; balance?: number };

  /** A ledger of the feature, jane, john, and these. */
  async function after(events: (Event & Of)[], features = true): Promise<unknown> {
    const header = headerLine({ version: 2, ledger: "l1", at: START });
    const lines: Line[] = [];
    const add = (line: object) => lines.push({ n: lines.length + 1, at: START, ...line } as Line);
    add({ fact: "feature", feature: "models" });
    if (features) add({ fact: "feature", feature: "api_keys" });
    add({ fact: "feature", feature: "operator" });
    for (const name of ["jane", "john"])
      add({ account: name, name, fact: "account", hash: "$2b$", generation: 1, tokens: 300, balance: 300 });
    for (const { who = "jane", ...event } of events) add({ account: who, name: who, balance: 300, ...event });
    let { head } = header;
    const texts = lines.map((line) => {
      const sealed = factLine(line, head);
      ({ head } = sealed);
      return sealed.text;
    });
    const ledger = Buffer.from(`${[header.text, ...texts].join("\n")}\n`);
    return load(createMemoryFiles({ "ledger.jsonl": ledger }), "", START).catch((error: unknown) => error);
  }

  const limit = { tokens: 5, per: "day" } as const;
  const made = {
    fact: "api_key",
    id: "k1",
    label: "ci",
    digest: digestOf("k1"),
    limit,
    expires: null,
  } as const;
  const other = { ...made, id: "k2", digest: digestOf("k2") };
  const ended = { fact: "api_key_ended", id: "k1" } as const;
  const charge = { fact: "charge", id: "h1", tokens: 0, model: "small", apiKey: "k1" } as const;
  const again = { fact: "again", id: "h2", tokens: 0, apiKey: "k1", key: "k", digest: "d" } as const;
  const password = { fact: "password", hash: "$2b$", generation: 2, endsKeys: true } as const;
  const deleted = { fact: "deleted", name: "deleted#jane", reason: null, by: null } as const;
  type Events = Parameters<typeof after>[0];

  it.each<[what: string, events: Events]>([
    ["keys with a name of an account each", [made, { ...other, who: "john" }]],
    ["a name that has become free", [made, ended, other]],
    ["a name that a password has made free", [made, password, other]],
    ["charges and repeats, also after the end", [made, charge, ended, charge, again]],
    ["what was under way at a deletion", [made, deleted, { ...charge, name: deleted.name }]],
    ["a key without a limit that expires", [{ ...made, limit: null, expires: START }]],
  ])("%s can follow", async (_what, events) => {
    expect(await after(events)).toMatchObject({ books: { n: 5 + events.length } });
    expect(await after(events, false)).toBeInstanceOf(Damage);
  });

  it.each<[why: string, events: Events]>([
    ["its API key was made already", [made, made]],
    ["its API key was made already", [made, { ...other, digest: made.digest, label: "x" }]],
    ["its API key was made already", [made, ended, made]],
    ["another API key of its account has the name", [made, { ...other, label: "CI" }]],
    ["its API key was ended already", [made, ended, ended]],
    ["its API key was ended already", [made, password, ended]],
    ["its account has no such API key", [ended]],
    ["its account has no such API key", [made, { ...ended, who: "john" }]],
    ["its account has no such API key", [charge]],
    ["its account has no such API key", [made, { ...charge, who: "john" }]],
    ["its account has no such API key", [made, { ...again, apiKey: "k2" }]],
    ["its account was deleted", [deleted, { ...made, name: deleted.name }]],
    ["its account was deleted", [made, deleted, { ...ended, name: deleted.name }]],
    ["its field digest is not what", [{ ...made, digest: "x" }]],
    ["its field limit is not what", [{ ...made, limit: { tokens: 5, per: "year" as "day" } }]],
    ["its field limit is not what", [{ ...made, limit: { tokens: -5, per: "day" } }]],
    ["its field limit is not what", [{ ...made, limit: { per: "day", tokens: 5 } }]],
    ["its field label is not what", [{ ...made, label: "" }]],
    ["a field is missing", [{ fact: "api_key", id: "k1" } as unknown as Event]],
    ["a field is missing", [made, { ...charge, model: undefined }]],
  ])("a line is refused because %s: %j", async (why, events) => {
    const damage = await after(events);
    expect(damage).toMatchObject({ finding: { what: expect.stringContaining(why) } });
    expect(damage).toBeInstanceOf(Damage);
  });
});
