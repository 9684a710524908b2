import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { disks } from "./place.ts";

test.each(disks)("on $name a link is never followed, however it is opened", async ({ files }) => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  const [target, path] = [join(dir, "target"), join(dir, "link")];
  await writeFile(target, "of another user");
  await symlink(target, path);
  for (const flags of ["r", "r+", "wx"] as const)
    await expect(files.open(path, flags), flags).rejects.toMatchObject({
      code: expect.stringMatching(/^(ELOOP|EEXIST)$/),
    });
  expect(await readFile(target, "utf8")).toBe("of another user");
});
