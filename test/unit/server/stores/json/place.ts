import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Store } from "../../../../../src/server/core/store.ts";
import { diskOn } from "../../../../../src/server/stores/json/disk.ts";
import { openJsonStore } from "../../../../../src/server/stores/json/store.ts";

/** When the tests' clocks begin. */
export const START = Date.parse("2026-11-22T10:00:00Z");

const [EXT4, NFS] = [0xef53, 0x6969];

export const localDisk = { name: "a local disk of Linux", files: diskOn(EXT4) };

/** Both ways to call a disk. */
export const disks = [localDisk, { name: "any other disk", files: diskOn(NFS) }];

/** A folder of this test's own; gone when it is over. */
export async function makeFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-store-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A store whose warnings are collected; closed when the test is over. */
export async function openStore(
  dir: string,
  more: Partial<Parameters<typeof openJsonStore>[0]> = {},
): Promise<{ store: Store; warnings: string[] }> {
  const warnings: string[] = [];
  const warn = (sentence: string) => warnings.push(sentence);
  const store = await openJsonStore({ dir, now: () => START, warn, ...more });
  onTestFinished(() => store.close());
  return { store, warnings };
}

/** Every file of the folder with its bytes, mode and time, less the locks. */
export async function contentOf(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(dir)).filter((name) => !name.startsWith("lock."));
  const entries = names.sort().map(async (name) => {
    const { mode, mtimeMs } = await stat(join(dir, name));
    return [name, `${mode} ${mtimeMs} ${await readFile(join(dir, name), "base64")}`];
  });
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}

/** A folder's history with a fact of every kind, closed. */
export async function fillFolder(dir: string, more: Parameters<typeof openStore>[1] = {}): Promise<void> {
  const { store } = await openStore(dir, more);
  const { ledger, accounts } = store;
  const made = await accounts.create({ name: "Jane", passwordHash: "$2b$one", tokens: 4000 });
  if (made.kind !== "created") throw new Error(made.kind);
  const { id } = made.account;
  await ledger.grant({ id: "grant-1", account: id, tokens: 50, reason: "Grüße\nund mehr" });
  for (const [hold, key] of [["h1"], ["h2", "k".repeat(64)], ["h3", "k".repeat(64)]]) {
    const question = { digest: "d".repeat(64), price: 100, model: "small", expires: START + 1000 };
    await ledger.hold({ id: hold ?? "", account: id, key, ...question });
    await ledger.charge(hold ?? "");
  }
  await accounts.setPassword({ account: id, generation: 1, passwordHash: "$2b$two" });
  await accounts.revoke({ account: id, jti: "jti-1", expires: START + 86_400_000 });
  await accounts.setDisabled(id, true);
  await store.close();
}
