import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { extract, pack } from "tar-stream";
import { beforeEach, expect, test } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { backUpFolder } from "../../../../../src/server/stores/json/backup.ts";
import {
  MANIFEST,
  SEAL_BYTES,
  sealOf,
  type Manifest,
} from "../../../../../src/server/stores/json/backup-file.ts";
import { checkSeal } from "../../../../../src/server/stores/json/read-backup.ts";
import { restoreFolder } from "../../../../../src/server/stores/json/restore.ts";
import { createMemoryFiles } from "./memory-files.ts";
import { fillFolder, makeFolder, openStore, START } from "./place.ts";

let file: string;
let parent: string;
let whole: Buffer;
beforeEach(async () => {
  [file, parent] = [join(await makeFolder(), "a.backup"), await makeFolder()];
  // Not typed as absent: no test runs before it is there.
  whole ??= await makeBackup();
});

async function makeBackup(): Promise<Buffer> {
  const dir = await makeFolder();
  await fillFolder(dir);
  const { store } = await openStore(dir);
  await store.signingSecret();
  await store.close();
  await backUpFolder({ dir, to: file, secrets: true, warn: () => {}, now: () => START });
  return readFile(file);
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Why a file with these bytes is refused; undefined if it is restored. Nothing is left if it is refused. */
async function refusal(bytes: Uint8Array): Promise<string | undefined> {
  await writeFile(file, bytes);
  const dir = join(parent, "restored");
  const error = await restoreFolder({ file, dir, warn: () => {}, now: () => START }).catch(
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) return undefined;
  expect(await readdir(parent)).toEqual([]);
  expect(error).toBeInstanceOf(StartupError);
  return error.message;
}

const NO_BACKUP = "is not a backup of a chat server.";
const BROKEN = "is incomplete, or it was changed.";

/** The same of its bytes alone, without a disk. */
async function sealRefusal(bytes: Buffer): Promise<string | undefined> {
  const opened = await createMemoryFiles({ b: bytes }).open("b", "r");
  return checkSeal({ file: opened, path: "b" }).then(
    () => undefined,
    (error: unknown) => (error instanceof StartupError ? error.message : "another error"),
  );
}

test("any byte that changed, and any end that is lost, is found", async () => {
  for (let at = 0; at < whole.length; at += 1) {
    const changed = Buffer.from(whole);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    const why = at < 3 ? NO_BACKUP : BROKEN;
    expect(await sealRefusal(changed), `byte ${at}`).toContain(why);
    const restored = at % 100 === 0 ? await refusal(changed) : why;
    expect(restored, `byte ${at}`).toContain(why);
  }
  for (let length = 0; length < whole.length; length += 1)
    expect(await sealRefusal(whole.subarray(0, length)), `${length} bytes`).toMatch(
      /is not a b|is incomplete/,
    );
  expect(await refusal(whole.subarray(0, -1))).toContain(BROKEN);
  expect(await refusal(Buffer.concat([whole, Buffer.from("\n")]))).toContain(BROKEN);
  expect(await refusal(Buffer.from("any text"))).toContain(NO_BACKUP);
  expect(await refusal(whole)).toBeUndefined();
});

interface File {
  name: string;
  bytes: Buffer;
  type?: "file" | "symlink" | "directory";
}

/** The files of the backup. */
async function filesOf(): Promise<File[]> {
  const tar = extract();
  tar.end(gunzipSync(whole));
  const files: File[] = [];
  for await (const entry of tar) files.push({ name: entry.header.name, bytes: await buffer(entry as never) });
  return files;
}

/** A backup as somebody could make it who wants harm, with the checksum that it must have. */
async function forged(files: File[], more = Buffer.alloc(0)): Promise<Buffer> {
  const tar = pack();
  for (const { name, bytes, type = "file" } of files)
    if (type === "file") tar.entry({ name }, bytes);
    else tar.entry({ name, type, linkname: "/etc/passwd" });
  tar.finalize();
  const packed = gzipSync(Buffer.concat([await buffer(tar as never), more]));
  return Buffer.concat([packed, sealOf(sha256(packed))]);
}

/** The files with a manifest that was changed. */
async function withManifest(change: (manifest: Manifest) => object | undefined): Promise<File[]> {
  const [manifest, ...files] = await filesOf();
  const content = JSON.parse(manifest?.bytes.toString() ?? "") as Manifest;
  const changed = change(content) ?? content;
  return [{ name: MANIFEST, bytes: Buffer.from(JSON.stringify(changed)) }, ...files];
}

test("a backup that somebody packed again is restored", async () => {
  expect((await filesOf()).map(({ name }) => name)).toEqual([MANIFEST, "ledger.jsonl", "secret"]);
  expect(await refusal(await forged(await filesOf()))).toBeUndefined();
});

const secret = Buffer.alloc(48, "s");

test.each<[string, () => Promise<File[]>]>([
  ["no files", async () => []],
  ["no manifest", async () => (await filesOf()).slice(1)],
  ["a manifest that is not the first file", async () => (await filesOf()).toReversed()],
  ["a manifest that is not JSON", async () => [{ name: MANIFEST, bytes: Buffer.from("{") }]],
  ["a file less", async () => (await filesOf()).slice(0, -1)],
  ["a file more", async () => [...(await filesOf()), { name: "address", bytes: secret }]],
  ["a file twice", async () => [...(await filesOf()), ...(await filesOf()).slice(-1)]],
  [
    "a link",
    async () => [...(await filesOf()).slice(0, 2), { name: "secret", bytes: secret, type: "symlink" }],
  ],
  ["a folder", async () => [...(await filesOf()), { name: "below", bytes: secret, type: "directory" }]],
  [
    "another file than the manifest says",
    async () => [...(await filesOf()).slice(0, 2), { name: "secret", bytes: secret }],
  ],
  ["a name outside", async () => [...(await filesOf()).slice(0, 2), { name: "../secret", bytes: secret }]],
  [
    "a manifest that names a file outside",
    () => withManifest(({ files }) => void Object.assign(files[1] ?? {}, { name: "../secret" })),
  ],
  ["a manifest that names no ledger", () => withManifest(({ files }) => void files.shift())],
  [
    "a manifest that names a file twice",
    () => withManifest(({ files }) => void files.push(...files.slice(1))),
  ],
  [
    "a manifest of another size",
    () => withManifest(({ files }) => void Object.assign(files[0] ?? {}, { bytes: 1 })),
  ],
  [
    "a manifest of another sum",
    () => withManifest(({ files }) => void Object.assign(files[0] ?? {}, { sha256: sha256(secret) })),
  ],
  [
    "a manifest of another head",
    () => withManifest(({ ledger }) => void Object.assign(ledger, { head: "00000000" })),
  ],
  ["a manifest of more lines", () => withManifest(({ ledger }) => void (ledger.lines += 1))],
  ["a manifest of another ledger", () => withManifest(({ ledger }) => void (ledger.id = "other"))],
  ["a manifest with a field more", () => withManifest((manifest) => ({ ...manifest, more: 1 }))],
])("a forged backup with %s is refused", async (_what, files) => {
  expect(await refusal(await forged(await files()))).toContain(NO_BACKUP);
});

test("one that becomes far larger than ledgers do is refused before it is unpacked", async () => {
  const bytes = Buffer.alloc(4 * 1024 * 1024);
  const files = await withManifest(({ files: [first] }) => {
    Object.assign(first ?? {}, { bytes: bytes.length, sha256: sha256(bytes) });
    return undefined;
  });
  files.splice(1, 1, { name: "ledger.jsonl", bytes });
  expect(await refusal(await forged(files))).toContain(NO_BACKUP);
});

test("a refused restore leaves none of the folders that it made, and all others", async () => {
  await writeFile(file, whole.subarray(0, -1));
  await mkdir(join(parent, "there"));
  for (const dir of [join(parent, "a", "b", "restored"), join(parent, "there", "c", "restored")])
    await expect(restoreFolder({ file, dir, warn: () => {}, now: () => START })).rejects.toThrow(BROKEN);
  expect(await readdir(parent, { recursive: true })).toEqual(["there"]);
});

test("one of a newer version is named as such", async () => {
  const files = await withManifest((manifest) => ({ ...manifest, version: 2, more: 1 }));
  expect(await refusal(await forged(files))).toContain("was made by a newer ai-chat.");
});

test("a damaged store in a whole backup is refused", async () => {
  const files = await filesOf();
  const ledger = Buffer.from(files[1]?.bytes ?? []).fill(88, 300, 302);
  const changed = await withManifest(
    ({ files: [first] }) => void Object.assign(first ?? {}, { sha256: sha256(ledger) }),
  );
  changed.splice(1, 1, { name: "ledger.jsonl", bytes: ledger });
  expect(await refusal(await forged(changed))).toMatch(/The store in \S+ is damaged: ledger\.jsonl, line \d/);
});

test("other programs read it: it is a compressed tar file, whose last part is empty", () => {
  const end = whole.subarray(whole.length - SEAL_BYTES);
  expect(gunzipSync(end)).toHaveLength(0);
  expect(gunzipSync(whole)).toEqual(gunzipSync(whole.subarray(0, -SEAL_BYTES)));
});
