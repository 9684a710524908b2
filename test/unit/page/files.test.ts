import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "../../support/pages.ts";

/** docs/browser.md#looks */

const read = (path: string) => readFile(root + path, "utf8");

test("the page is at most 60 KB, packed", async () => {
  const files = ["index.html", "page.js", "page.css"].map((name) => read(`dist/page/${name}`));
  const packed = (await Promise.all(files)).map((text) => gzipSync(text).length);
  expect(packed.reduce((sum, bytes) => sum + bytes)).toBeLessThan(60_000);
});
