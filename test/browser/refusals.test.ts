import { describe, expect, onTestFinished, test } from "vitest";
import { answer } from "../support/openai-server.ts";
import { openTcpProxy } from "../support/tcp-proxy.ts";
import { PASSWORD } from "../support/test-server.ts";
import {
  ask,
  noBrowser,
  openBrowserAndServer,
  question,
  register,
  send,
  signIn,
  skippedWithout,
} from "./visit.ts";

/** docs/browser.md#refused-questions */

describe.skipIf(noBrowser !== undefined)(`a refused question${skippedWithout}`, () => {
  const { ai, server, visit, change } = openBrowserAndServer({ limitQuestions: { count: 1, seconds: 3600 } });

  test("stays in the composer when there are too many, with the time to wait", async () => {
    const { page } = await visit(server.url);
    await register(page, "ann");
    await ask(page, "One");
    await send(page, "Two");
    const trouble = page.locator("#trouble");
    await trouble.getByText(/Try again in \d+ minutes\.\nNothing was charged/).waitFor();
    expect(await question(page).inputValue()).toBe("Two");
    expect(await page.locator("article").count()).toBe(1);
  });

  test("stays there without enough tokens, with what is left and what it costs", async () => {
    onTestFinished(() => change({}));
    const { page } = await visit(server.url);
    await register(page, "ben");
    await change({ price: 5000 });
    await send(page, "Too dear");
    await page.locator("#trouble").getByText("4,000 tokens left, this question costs 5,000.").waitFor();
    expect(await question(page).inputValue()).toBe("Too dear");
  });

  test("is asked again under its key when the connection was lost, and paid once", async () => {
    const { page } = await visit(server.url);
    await register(page, "cat");
    const keys: (string | null)[] = [];
    await page.route("**/api/chat/", async (route) => {
      keys.push(await route.request().headerValue("idempotency-key"));
      if (keys.length > 1) return route.continue();
      await route.fetch();
      return route.abort();
    });
    ai.respond(answer("Paid, and it did not arrive."));
    await ask(page, "Where is Rome?");
    expect(await page.locator(".answer").innerText()).toBe("Paid, and it did not arrive.");
    expect(await page.locator("#balance").innerText()).toBe("3,900 tokens");
    expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), keys[0]]);
  });

  test("is asked again when the answer broke off, and its answer replaces what had come", async () => {
    const proxy = await openTcpProxy(server.port);
    onTestFinished(() => proxy.close());
    const { page } = await visit(`http://127.0.0.1:${proxy.port}/`);
    await register(page, "dan");
    ai.respond(answer(["Broken", new Promise(() => {})]));
    await send(page, "Everything");
    await page.locator(".answer", { hasText: "Broken" }).waitFor();
    ai.respond(answer("Whole"));
    proxy.lead(server.port);
    await page.locator(".note:visible").waitFor();
    expect(await page.locator(".answer").innerText()).toBe("Whole");
    expect(await page.locator("#balance").innerText()).toBe("3,900 tokens");
  });

  test("is still there after a login that became necessary, and so is the conversation", async () => {
    const { page } = await visit(server.url);
    await register(page, "eve");
    ai.respond(answer("In Italy."));
    await ask(page, "Where is Rome?");
    const login = await server.post("/api/login/", { username: "eve", password: PASSWORD });
    const { token } = (await login.json()) as { token: string };
    await server.post(
      "/api/password/",
      { password: PASSWORD, new_password: PASSWORD },
      { Authorization: `Bearer ${token}` },
    );
    await send(page, "And Naples?");
    await page.getByText("Your login is no longer valid.").waitFor();
    await signIn(page, "eve");
    await question(page).waitFor();
    expect(await question(page).inputValue()).toBe("And Naples?");
    expect(await page.locator(".answer").innerText()).toBe("In Italy.");
  });
});
