import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readKeysFile } from "../../../../src/cli/io/own-keys.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "keys-"));
  path = join(dir, "keys.json");
});
afterEach(() => rmSync(dir, { recursive: true }));

async function told(content: string | Buffer): Promise<string[]> {
  writeFileSync(path, content);
  return (await readKeysFile(dir))?.told ?? [];
}

it("says nothing of a file that is right, empty or not there", async () => {
  expect(await readKeysFile(undefined)).toBeUndefined();
  expect(await readKeysFile(dir)).toBeUndefined();
  expect(await readKeysFile("/dev/null/ai-chat")).toBeUndefined();
  expect(await told("\ufeff\n")).toEqual([]);
  expect(await told('\ufeff{"Ctrl-O": "open-editor"}')).toEqual([]);
  expect((await readKeysFile(dir))?.keymap?.labelOf("openEditor")).toBe("Ctrl-O");
});

it("says where a file is no JSON, and keeps the default keys", async () => {
  const all = `${path} has a fault. The keys are the default ones.`;
  expect(await told('{\n  "Ctrl-O": undo\n}')).toEqual([all, "It is not JSON at line 2, column 13."]);
  expect((await readKeysFile(dir))?.keymap).toBeUndefined();
  expect(await told("[]")).toEqual([all, expect.stringContaining("must be a JSON object")]);
  expect(await told(Buffer.from([0x7b, 0xff]))).toEqual([all, expect.stringContaining("can't be read")]);
  rmSync(path);
  mkdirSync(path);
  expect((await readKeysFile(dir))?.told).toEqual([all, "It can't be read (EISDIR)."]);
});

it("says which keys are wrong or there twice, and the rest holds", async () => {
  expect(
    await told('{"Ctrl-T": "undo",\n "Ctrl-T": "redraw", "a": "undo", "Ctrl-O": "open-editor"}'),
  ).toEqual([
    `${path} has faults. The rest of it holds.`,
    "Ctrl-T is there twice (line 2, column 2): the last one counts.",
    '"a" types a character.',
  ]);
  const keymap = (await readKeysFile(dir))?.keymap;
  expect([keymap?.labelOf("redraw"), keymap?.labelOf("openEditor")]).toEqual(["Ctrl-T", "Ctrl-O"]);
});
