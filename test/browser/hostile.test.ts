import { describe, expect, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { ask, noBrowser, openBrowserAndServer, register, skippedWithout } from "./visit.ts";

/** docs/browser.md#security */

const elsewhere = "http://127.0.0.1:9/x";

const markup = [
  `<img src=x onerror="alert(1)">`,
  `<img src="${elsewhere}">`,
  `![tracker](${elsewhere} "title")`,
  `[![tracker](${elsewhere})](javascript:alert(1))`,
  `<script>alert(1)</script>`,
  `<style>* { background: url(${elsewhere}) }</style>`,
  `<svg onload="alert(1)"><animate onbegin="alert(1)"></svg>`,
  `<iframe src="javascript:alert(1)"></iframe>`,
  `<base href="${elsewhere}">`,
  `<meta http-equiv="refresh" content="0;url=${elsewhere}">`,
  `<link rel="stylesheet" href="${elsewhere}">`,
  `<form action="${elsewhere}"><button autofocus onfocus="alert(1)">x</button></form>`,
  `<details open ontoggle="alert(1)">x</details>`,
  `&lt;img src=x onerror=alert(1)&gt; &#60;script&#62;alert(1)&#60;/script&#62;`,
  `| <img src=x onerror=alert(1)> | a |\n|---|---|\n| <b onclick=alert(1)>x</b> | ![y](${elsewhere}) |`,
  `# <img src=x onerror=alert(1)>`,
  "```html\n<script>alert(1)</script>\n```",
  '```"><img/src=x/onerror=alert(1)>\nx\n```',
  `[constructor] [__proto__] [toString]`,
  `[__proto__]: javascript:alert(1)`,
  `\u202Ereversed\u202C \u2066isolated\u2069 \u0007\u001B]8;;${elsewhere}\u0007`,
  `<https://ok.example/a>  <mailto:a@ok.example>`,
].join("\n\n");

const schemes = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java&#10;script:alert(1)",
  "java&Tab;script:alert(1)",
  "&#x6A;avascript:alert(1)",
  "%6Aavascript:alert(1)",
  "\u0001javascript:alert(1)",
  "\\x6Aavascript:alert(1)",
  "javascript&colon;alert(1)",
  "vbscript:msgbox(1)",
  "data:text/html,<script>alert(1)</script>",
  "blob:http://127.0.0.1/1",
  "file:///etc/passwd",
  "//127.0.0.1:9/x",
  "/api/logout/",
  "https:evil",
  "view-source:https://a.example",
];
const links = schemes.map((scheme) => `[link](${scheme}) [link](<${scheme}>)`).join("\n\n");

describe.skipIf(noBrowser !== undefined)(`a hostile answer${skippedWithout}`, () => {
  const { ai, server, visit } = openBrowserAndServer();

  test("runs nothing, loads nothing and leads nowhere", async () => {
    const { page, trouble } = await visit(server.url);
    await register(page, "ann");
    ai.respond(answer(`${markup}\n\n${links}`.split(/(?<=[\s<(])/)));
    await ask(page, "Attack");
    expect(trouble).toEqual([]);
    const names = await page.evaluate<string[]>(
      `[...new Set([...document.querySelectorAll(".answer *")].map((e) => e.localName))].sort()`,
    );
    expect(names).toEqual(
      expect.arrayContaining(["a", "button", "code", "div", "h3", "p", "pre", "table", "td", "th"]),
    );
    for (const name of names)
      expect([
        "img",
        "script",
        "style",
        "svg",
        "iframe",
        "base",
        "meta",
        "link",
        "form",
        "details",
      ]).not.toContain(name);
    const targets = await page.evaluate<string[]>(
      `[...document.querySelectorAll(".answer a")].map((a) => a.getAttribute("href"))`,
    );
    expect(new Set(targets)).toEqual(new Set([elsewhere, "https://ok.example/a", "mailto:a@ok.example"]));
    const attributes = await page.evaluate<string[]>(
      `[...new Set([...document.querySelectorAll(".answer, .answer *")].flatMap((e) => e.getAttributeNames()))]`,
    );
    expect(attributes.filter((name) => name.startsWith("on") || name === "style" || name === "src")).toEqual(
      [],
    );
    const text = await page.locator(".answer").innerText();
    expect(text).toContain(`<img src=x onerror="alert(1)">`);
    expect(text).not.toMatch(/[\u0007\u001B\u202A-\u202E\u2066-\u2069]/);
  });

  test("of any depth or length leaves the page as it is", async () => {
    const { page, trouble } = await visit(server.url);
    await register(page, "ben");
    const deep = [
      "> ".repeat(10_000),
      "- ".repeat(10_000),
      "**a _b ".repeat(10_000),
      "[".repeat(20_000),
      Array.from({ length: 300 }, (_, level) => `${"  ".repeat(level)}- ${level}`).join("\n"),
      `${"|a".repeat(2000)}\n${"|-".repeat(2000)}\n${"x\n".repeat(2000)}`,
    ].join("\n\nnext\n\n");
    for (const text of [deep, "a".repeat(200_000), "word **bold** `code`\n".repeat(8_000)]) {
      ai.respond(answer(text));
      await page.getByRole("button", { name: "New conversation" }).click();
      await ask(page, "Attack");
    }
    ai.respond(answer("Fine."));
    await page.getByRole("button", { name: "New conversation" }).click();
    await ask(page, "How are you?");
    expect(await page.locator(".answer").innerText()).toBe("Fine.");
    expect(trouble).toEqual([]);
  });

  test("would be noticed here", async () => {
    const { page, trouble } = await visit(server.url);
    const tried = [
      `document.body.append(Object.assign(new Image(), { src: "${elsewhere}" }))`,
      `document.body.append(Object.assign(document.createElement("iframe"), { src: "${elsewhere}" }))`,
      `document.body.setAttribute("onclick", "alert(1)")`,
      `document.body.innerHTML = "<b>"`,
    ];
    for (const script of tried) {
      const before = trouble.length;
      await page.evaluate(script).catch((error: Error) => trouble.push(error.message));
      await expect.poll(() => trouble.length, { message: script }).toBeGreaterThan(before);
    }
  });
});
