import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lock } from "../../../src/client/file-lock.ts";
import { createKeptFile } from "../../../src/client/kept-file.ts";

vi.mock("../../../src/client/file-lock.ts", { spy: true });

let dir: string;
beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-kept-"))));
afterEach(() => rm(dir, { recursive: true, force: true }));
afterEach(() => vi.mocked(lock).mockReset());

/** The lock can't be had so often, for this reason. */
function refuse(code: string, times: number): void {
  for (let left = times; left > 0; left -= 1)
    vi.mocked(lock).mockRejectedValueOnce(Object.assign(new Error(code), { code }));
}

describe("a file's lock", () => {
  it("is waited for as long as others take their turns", async () => {
    refuse("ELOCKED", 45);
    const file = createKeptFile({ dir, name: "config" });
    expect(await file.change((content) => void (content.save = false))).toEqual({ kept: true });
    expect(file.read()).toEqual({ save: false });
  });

  it("that can't be made is told at once: it will not be free later", async () => {
    refuse("EACCES", 2);
    const file = createKeptFile({ dir, name: "config" });
    expect(await file.change(() => {})).toEqual({ kept: false, why: expect.stringContaining("you may not") });
    expect(lock).toHaveBeenCalledTimes(1);
  });
});
