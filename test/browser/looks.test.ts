import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { ask, noBrowser, openBrowserAndServer, register, send, skippedWithout } from "./visit.ts";

/** docs/browser.md#looks */

const rich = [
  "# Heading\n\nText, *emphasis*, **strong**, ~~gone~~, `code`, [link](https://a.example), https://a.example/b.",
  "1. one\n   - two\n2. three\n\n- [x] done\n- [ ] open",
  "> quote\n> > quote",
  `\`\`\`python\ndef f(${"argument, ".repeat(40)}): pass\n\`\`\``,
  `| ${"a column | ".repeat(12)}\n|${"---|".repeat(12)}\n| ${"a longer cell | ".repeat(12)}`,
  "w".repeat(500),
  "مرحبا بالعالم، هذا نص عربي مع English\n\n- עברית\n- שתיים",
  `https://a.example/${"long/".repeat(80)}`,
].join("\n\n");

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe finds in the page that is serious or critical, by these rules of it or by all. */
async function findings(page: Page, rules?: readonly string[]): Promise<unknown[]> {
  await page.evaluate(await readFile(axe, "utf8"));
  const { violations } = await page.evaluate<{ violations: Finding[] }>(
    `axe.run({ runOnly: ${JSON.stringify(rules) ?? "undefined"} })`,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]);
}

const overflow = (page: Page) => page.evaluate("document.documentElement.scrollWidth - innerWidth");

describe.skipIf(noBrowser !== undefined)(`each view of the page${skippedWithout}`, () => {
  const { ai, server, visit } = openBrowserAndServer();

  test.each(["light", "dark"] as const)(
    "has no serious finding of axe, and fits into 320 pixels (%s)",
    async (colorScheme) => {
      // Only the colours differ.
      const rules = colorScheme === "dark" ? ["color-contrast"] : undefined;
      const { page } = await visit(server.url, { colorScheme, viewport: { width: 320, height: 700 } });
      expect([await findings(page, rules), await overflow(page)]).toEqual([[], 0]);
      await page.getByRole("button", { name: "Create an account" }).click();
      await page.getByLabel("Name").fill("a b");
      await page.getByLabel("Password").fill("x");
      await page.getByRole("button", { name: "Create an account" }).click();
      await page.locator("#sign-in-trouble:not(:empty)").waitFor();
      expect([await findings(page, rules), await overflow(page)]).toEqual([[], 0]);
      await page.getByRole("button", { name: "Sign in instead" }).click();
      await register(page, `ann-${colorScheme}`);
      ai.respond(answer(rich));
      await ask(page, "w".repeat(300));
      await page.getByText("Chat in a terminal").click();
      // A question that is under way, and can be stopped.
      ai.respond(answer([rich, new Promise(() => {})]));
      await send(page, "Again");
      await page.locator(".writing pre").waitFor();
      expect([await findings(page, rules), await overflow(page)]).toEqual([[], 0]);
    },
  );

  test("/docs has no serious finding of axe, fits into 320 pixels, and is printed with its errors", async () => {
    const { page } = await visit(`${server.url}/docs#ask`, { viewport: { width: 320, height: 700 } });
    const top = await page.evaluate("document.querySelector('#ask').getBoundingClientRect().top");
    const isErrorShown = () => page.evaluate("document.querySelector('details table').checkVisibility()");
    expect(await isErrorShown()).toBe(false);
    await page.emulateMedia({ media: "print" });
    expect(await isErrorShown()).toBe(true);
    await page.emulateMedia({ media: "screen" });
    await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))");
    expect([top, await overflow(page)]).toEqual([expect.closeTo(16, 0), 0]);
    // The others are of the same kinds, and axe takes seconds for all of them.
    await page.evaluate(
      "document.querySelectorAll('section:not([aria-labelledby=ask], [aria-labelledby=schema-Turn])').forEach((section) => section.remove())",
    );
    expect(await findings(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await findings(page, ["color-contrast"])).toEqual([]);
  });

  test("can be used by keyboard alone, with the focus in sight", async () => {
    const { page } = await visit(server.url);
    await register(page, "kim");
    ai.respond(answer(rich));
    await ask(page, "Hello");
    const seen = new Set<unknown>();
    for (let i = 0; i < 40; i += 1) {
      await page.keyboard.press("Tab");
      const [name, outline] = await page.evaluate<[string, string]>(
        "[document.activeElement.id || document.activeElement.localName, getComputedStyle(document.activeElement).outlineStyle]",
      );
      if (name === "body" || name === "html") continue;
      expect(outline, name).toBe("solid");
      seen.add(name);
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        "new",
        "log-out",
        "a",
        "button",
        "pre",
        "div",
        "question",
        "model",
        "send",
        "summary",
      ]),
    );
  });
});
