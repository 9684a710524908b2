import { describe, expect, test } from "vitest";
import { after, answer } from "../support/openai-server.ts";
import {
  ask,
  focused,
  noBrowser,
  openBrowserAndServer,
  question,
  register,
  send,
  skippedWithout,
} from "./visit.ts";

/** docs/browser.md#chat */

describe.skipIf(noBrowser !== undefined)(`the page in a browser${skippedWithout}`, () => {
  const { ai, server, visit } = openBrowserAndServer();

  test("creates an account, asks, draws the answer as it comes, and says what it cost", async () => {
    const { page, trouble } = await visit(server.url);
    await register(page, "ann");
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    ai.respond(answer(["The **first** part", gate, " and the second."]));
    await question(page).fill("Where is Rome?");
    await page.getByRole("button", { name: "Send" }).press("Enter");
    await page.locator(".answer strong", { hasText: "first" }).waitFor();
    expect(await focused(page)).toBe("send");
    expect(await page.locator("#said").textContent()).toBe("");
    expect(await page.getByRole("button", { name: "Send" }).isDisabled()).toBe(true);
    goOn();
    await page.locator(".note:visible").waitFor();
    expect(await page.locator(".answer").innerText()).toBe("The first part and the second.");
    expect(await page.locator(".note").innerText()).toBe("fake-model · 100 tokens · 3,900 left");
    expect(await page.locator("#account").innerText()).toContain("ann");
    expect(await page.locator("#balance").innerText()).toBe("3,900 tokens");
    expect(await page.locator("#said").textContent()).toContain("The first part and the second.");
    expect(await focused(page)).toBe("send");
    expect(trouble).toEqual([]);
  });

  test("sends the conversation with the next question, and none after New conversation", async () => {
    const { page } = await visit(server.url);
    await register(page, "ben");
    ai.respond(answer("In Italy."));
    await ask(page, "Where is Rome?");
    await ask(page, "And Naples?");
    expect(ai.requests.at(-1)!.body.messages).toEqual([
      { role: "user", content: "Where is Rome?" },
      { role: "assistant", content: "In Italy." },
      { role: "user", content: "And Naples?" },
    ]);
    await page.getByRole("button", { name: "New conversation" }).click();
    expect(await page.locator("article").count()).toBe(0);
    await ask(page, "And Paris?");
    expect(ai.requests.at(-1)!.body.messages).toEqual([{ role: "user", content: "And Paris?" }]);
  });

  test("Shift-Enter begins a line, and Enter that ends a composition sends nothing", async () => {
    const { page } = await visit(server.url);
    await register(page, "cat");
    const text = question(page);
    await text.fill("one");
    await text.press("Shift+Enter");
    await text.pressSequentially("two");
    // Nothing took it: the browser may do with it what it does.
    expect(
      await page.evaluate(
        `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", isComposing: true, cancelable: true, bubbles: true }))`,
      ),
    ).toBe(true);
    expect(await text.inputValue()).toBe("one\ntwo");
    expect(await page.locator("article").count()).toBe(0);
    await text.press("Enter");
    await page.locator(".note:visible").waitFor();
    expect(await page.locator(".question").innerText()).toBe("one\ntwo");
  });

  test("stopping before the answer begins costs nothing and gives the question back", async () => {
    const { page } = await visit(server.url);
    await register(page, "dan");
    ai.respond(after(new Promise(() => {}), answer("never")));
    const asked = ai.requests.length;
    await send(page, "Long thoughts");
    await ai.arrived(asked + 1);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped: nothing was charged.").waitFor();
    expect(await question(page).inputValue()).toBe("Long thoughts");
    expect(await page.locator("article").count()).toBe(0);
    expect(await page.locator("#balance").innerText()).toBe("4,000 tokens");
    // The button that had the focus is gone.
    expect(await focused(page)).toBe("question");
  });

  test("stopping a begun answer costs its price, and the whole of it can be had without a second charge", async () => {
    const { page } = await visit(server.url);
    await register(page, "eve");
    ai.respond(answer(["Half of", new Promise(() => {}), " it"]));
    await send(page, "Everything");
    await page.locator(".answer", { hasText: "Half of" }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped · 100 tokens").waitFor();
    expect(await page.locator("#balance").innerText()).toBe("3,900 tokens");
    ai.respond(answer("Half of it, and the rest"));
    await page.getByRole("button", { name: "Get the whole answer, already paid" }).click();
    await page.locator(".note", { hasText: "fake-model · 100 tokens · 3,900 left" }).waitFor();
    expect(await page.locator("article").count()).toBe(1);
    expect(await page.locator(".answer").innerText()).toBe("Half of it, and the rest");
  });

  test("nothing of a stopped question is left for who signs in next", async () => {
    const { page } = await visit(server.url);
    await register(page, "fay");
    ai.respond(after(new Promise(() => {}), answer("never")));
    const asked = ai.requests.length;
    await send(page, "A secret of fay");
    await ai.arrived(asked + 1);
    let goOn = () => {};
    const isStopped = new Promise<void>((resolve) => (goOn = resolve));
    let isRead = () => {};
    const reading = new Promise<void>((resolve) => (isRead = resolve));
    const reply = { json: { tokens: 1 }, headers: { "Tokens-Held": "0", Account: "fay" } };
    await page.route("**/api/token_balance/", async (route) => {
      isRead();
      await isStopped;
      // The page may have given up waiting.
      await route.fulfill(reply).catch(() => {});
    });
    await page.getByRole("button", { name: "Stop" }).click();
    await reading;
    await page.getByRole("button", { name: "Log out" }).click();
    goOn();
    await page.unrouteAll({ behavior: "wait" });
    await register(page, "gus");
    ai.respond(answer("Hello, gus."));
    expect(await question(page).inputValue()).toBe("");
    await ask(page, "Hello");
    expect(await page.locator("#account").innerText()).toMatch(/gus\s+3,900 tokens/);
    expect(ai.requests.at(-1)!.text).not.toContain("fay");
  });

  test("a new conversation in the middle of an answer shows what it cost, and keeps what is being written", async () => {
    const { page } = await visit(server.url);
    await register(page, "hal");
    ai.respond(answer(["Half of", new Promise(() => {}), " it"]));
    await send(page, "Everything");
    await page.locator(".answer", { hasText: "Half of" }).waitFor();
    await question(page).fill("Next");
    await page.getByRole("button", { name: "New conversation" }).click();
    await page.locator("#balance", { hasText: "3,900 tokens" }).waitFor();
    expect(await page.locator("article").count()).toBe(0);
    expect(await question(page).inputValue()).toBe("Next");
  });

  test("a stopped question has no button once another was asked, and another tab's charge is not taken for its", async () => {
    const { page } = await visit(server.url);
    await register(page, "ian");
    ai.respond(answer(["Half of", new Promise(() => {}), " it"]));
    await send(page, "Everything");
    await page.locator(".answer", { hasText: "Half of" }).waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Get the whole answer" }).waitFor();
    ai.respond(after(new Promise(() => {}), answer("never")));
    const asked = ai.requests.length;
    await send(page, "Something else");
    await ai.arrived(asked + 1);
    expect(await page.getByRole("button", { name: "Get the whole answer" }).count()).toBe(0);
    // Meanwhile elsewhere.
    ai.respond(answer("Hello."));
    const token = await server.token("ian");
    await server.post("/api/chat/", { message: "Hello" }, { Authorization: `Bearer ${token}` });
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped: it may have cost 100 tokens. Send asks it again").waitFor();
    expect(await page.locator("#balance").innerText()).toBe("3,800 tokens");
    await server.post("/api/chat/", { message: "Hello" }, { Authorization: `Bearer ${token}` });
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.locator("#balance", { hasText: "3,700 tokens" }).waitFor();
  });

  test("names how to chat in a terminal with this server", async () => {
    const { page } = await visit(server.url);
    await page.getByText("Chat in a terminal").click();
    expect(await page.locator("#command").innerText()).toBe(`npx ai-chat-system --server ${server.url}`);
  });
});
