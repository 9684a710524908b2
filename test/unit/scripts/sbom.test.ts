import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { refusedLicences } from "../../../scripts/sbom.js";

const component = (...ids: string[]) => ({
  name: "left-pad",
  version: "1.0.0",
  licenses: ids.map((id) => (id.includes(" ") ? { expression: id } : { license: { id } })),
});
const development = [{ name: "cdx:npm:package:development", value: "true" }];

test("every licence of a package must be allowed, or one of its choice", () => {
  for (const [licence, refused] of [
    [["MIT"], false],
    [["GPL-3.0-only"], true],
    [["AGPL-3.0-or-later"], true],
    [["UNLICENSED"], true],
    [["(MIT OR CC0-1.0)"], false],
    [["GPL-2.0-only OR ISC"], false],
    [["MIT AND GPL-3.0-only"], true],
    [["MIT", "GPL-3.0-only"], true],
    [["MPL-2.0"], true],
    [[], true],
  ] as const) {
    const found = refusedLicences({ components: [component(...licence)] });
    const words = `left-pad 1.0.0: ${licence.join(", ") || "no licence"}`;
    expect(found, words).toEqual(refused ? [words] : []);
  }
  const unnamed = { ...component(), licenses: [{ license: { name: "SEE LICENSE IN x" } }] };
  expect(refusedLicences({ components: [unnamed] })).toEqual(["left-pad 1.0.0: SEE LICENSE IN x"]);
});

test("what only builds or tests may have more licences, but not every one", () => {
  const built = (id: string) =>
    refusedLicences({ components: [{ ...component(id), properties: development }] });
  expect(built("MPL-2.0")).toEqual([]);
  expect(built("GPL-3.0-only")).toEqual(["left-pad 1.0.0: GPL-3.0-only"]);
});

test("npm run sbom ends with 1 for a licence that is not allowed, and else writes the list", async () => {
  const dir = await mkdtemp(join(tmpdir(), "ai-chat-sbom-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const to = join(dir, "sbom.json");
  const script = join(process.cwd(), "scripts/sbom.js");
  const run = async (components: object[]) => {
    const sbom = JSON.stringify({ metadata: { component: { name: "work" } }, components });
    await writeFile(join(dir, "npm"), `#!/bin/sh\ncat <<'END'\n${sbom}\nEND\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${dir}${delimiter}${process.env["PATH"]}` };
    return promisify(execFile)(process.execPath, [script, to], { env, cwd: process.cwd() });
  };
  await expect(run([component("MIT"), component("GPL-3.0-only")])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("left-pad 1.0.0: GPL-3.0-only\n"),
  });
  expect((await run([component("MIT")])).stdout).toContain("sbom.json: 1 packages");
  const written = JSON.parse(await readFile(to, "utf8")) as { metadata: object };
  expect(written.metadata).toEqual({ component: { name: "ai-chat-system" } });
});
