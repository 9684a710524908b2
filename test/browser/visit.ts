import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, inject, onTestFinished } from "vitest";
import { skipped } from "../support/postgres.ts";
import { openServerWithAi } from "../support/server-with-ai.ts";
import { PASSWORD, testConfig, type Wishes } from "../support/test-server.ts";

/** The reason why there is no browser to test with; undefined if there is one. */
export const noBrowser = inject("browser") === "" ? "no Chromium in PATH" : undefined;

/** The reason for a skipped test, to append to its name. */
export const skippedWithout = skipped(noBrowser);

/** The built program, whose pages a server serves. */
export const built = fileURLToPath(new URL("../../dist", import.meta.url));

/** A page that was opened, and what happened in it that should not. */
export interface Visit {
  page: Page;
  /** Errors, dialogs, violations of the Content-Security-Policy, requests to elsewhere, and new pages. */
  trouble: string[];
}

/** A new page with an own storage. It is closed when the test ends. */
export type VisitPage = (url: string, options?: BrowserContextOptions) => Promise<Visit>;

function watch(page: Page, url: string): string[] {
  const trouble: string[] = [];
  page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // What the server refuses is in the console too.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) trouble.push(`request: ${request.url()}`);
  });
  page.on("framenavigated", (frame) => trouble.push(`navigation: ${frame.url()}`));
  page.context().on("page", (other) => trouble.push(`new page: ${other.url()}`));
  return trouble;
}

/** For all tests of a file: a server with the page, the fake AI that answers it, and a browser. */
export function openBrowserAndServer(wishes: Wishes = {}) {
  const { ai, server } = openServerWithAi({ built, ...wishes });
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (noBrowser === undefined) browser = await chromium.connect(inject("browser"));
  });
  afterAll(() => browser?.close());

  const visit: VisitPage = async (url, options = {}) => {
    const context = await browser!.newContext(options);
    onTestFinished(() => context.close());
    // As the time-outs of vitest.config.ts: it ends what hangs.
    context.setDefaultTimeout(90_000);
    const page = await context.newPage();
    await page.goto(url);
    return { page, trouble: watch(page, url) };
  };
  /** Changes what the running server can take over. */
  const change = async (changed: Wishes) => {
    await server.running.reload(
      testConfig(server.dir, {
        baseUrl: ai.url,
        provider: "openai",
        upstream: "fake-model",
        ...wishes,
        ...changed,
      }),
    );
  };
  return { ai, server, visit, change };
}

/** Creates an account in the form of the page. */
export async function register(page: Page, username: string): Promise<void> {
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill(username);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create an account" }).click();
  await question(page).waitFor();
}

/** Signs in with the form of the page. */
export async function signIn(page: Page, username: string): Promise<void> {
  await page.getByLabel("Name").fill(username);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Where a question is written. */
export const question = (page: Page) => page.getByLabel("Your question");

/** The id of what has the focus. */
export const focused = (page: Page) => page.evaluate<string>("document.activeElement.id");

/** Asks, and waits for nothing. */
export async function send(page: Page, text: string): Promise<void> {
  await question(page).fill(text);
  await question(page).press("Enter");
}

/** Asks, and waits for the end of the answer. */
export async function ask(page: Page, text: string): Promise<void> {
  const before = await page.locator(".note:visible").count();
  await send(page, text);
  await page.locator(".note:visible").nth(before).waitFor();
}
