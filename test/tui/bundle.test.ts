import { readFile, readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";

const dist = new URL("../../dist/", import.meta.url);

describe("the built program", () => {
  it("draws with the React that is made for production, and has no other one in it", async () => {
    const files = (await readdir(dist)).filter((file) => file.endsWith(".js"));
    const texts = await Promise.all(files.map((file) => readFile(new URL(file, dist), "utf8")));
    const whole = texts.join("\n");
    expect(whole).toContain("react-reconciler.production.js");
    expect(whole).toContain("react.production.js");
    // docs/session.md#production-build: it keeps a trace of every element, and is several times slower.
    expect(whole).not.toMatch(/react[-a-z]*\.development\.js/);
  });
});
