import { readFile, readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const dist = new URL("../../dist/", import.meta.url);

describe("the built program", () => {
  it("contains the production build of React and no other", async () => {
    const files = (await readdir(dist)).filter((file) => file.endsWith(".js"));
    const texts = await Promise.all(files.map((file) => readFile(new URL(file, dist), "utf8")));
    const whole = texts.join("\n");
    expect(whole).toContain("require_react_reconciler_production=");
    expect(whole).toContain("require_react_production=");
    // docs/session.md#production-build: the development build records every element and is several times slower.
    expect(whole).not.toMatch(/require_react[_a-z]*_development\b/);
  });
});
