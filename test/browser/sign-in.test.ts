import { describe, expect, onTestFinished, test } from "vitest";
import { digestOfCode, idOfDigest, newCode } from "../../src/server/core/invite-code.ts";
import { inviteInFolder } from "../support/operate-in-folder.ts";
import { PASSWORD } from "../support/test-server.ts";
import {
  noBrowser,
  openBrowserAndServer,
  question,
  register,
  send,
  signIn,
  skippedWithout,
} from "./visit.ts";

/** docs/browser.md#sign-in */

describe.skipIf(noBrowser !== undefined)(`signing in${skippedWithout}`, () => {
  const { server, visit, change } = openBrowserAndServer();

  test("says what is wrong with a name, a password and a login", async () => {
    const { page } = await visit(server.url);
    await signIn(page, "nobody");
    const trouble = page.locator("#sign-in-trouble");
    await trouble.getByText(/password/i).waitFor();
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("Name").fill("a b");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Create an account" }).click();
    await trouble.getByText("The password must have at least 8 characters.").waitFor();
    expect(await trouble.innerText()).toContain("The name may have the letters A-Z and a-z");
  });

  test("asks for an invitation where the server does, and says when nobody can register", async () => {
    onTestFinished(() => change({}));
    await change({ registration: "closed" });
    const { page } = await visit(server.url);
    await page.getByText("Nobody can create an account here.").waitFor();
    expect(await page.getByRole("button", { name: "Create an account" }).isVisible()).toBe(false);

    await change({ registration: "invite" });
    const code = newCode();
    const digest = digestOfCode(code);
    const invite = { id: idOfDigest(digest), digest, tokens: null, uses: 1, expires: Date.now() + 600_000 };
    await inviteInFolder(server.dir, { create: [invite] }, () => {});
    await page.reload();
    await page.getByRole("button", { name: "Create an account" }).click();
    await page.getByLabel("Name").fill("ida");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByLabel("Invitation code").fill("WRONG-CODE");
    await page.getByRole("button", { name: "Create an account" }).click();
    await page
      .locator("#sign-in-trouble")
      .getByText(/invitation/)
      .waitFor();
    await page.getByLabel("Invitation code").fill(code);
    await page.getByRole("button", { name: "Create an account" }).click();
    await question(page).waitFor();
  });

  test("keeps nothing in the browser, and says so after the page was loaded again", async () => {
    const { page } = await visit(server.url);
    await register(page, "ann");
    expect(await page.evaluate("localStorage.length")).toBe(0);
    await page.reload();
    await page.getByText("Sign in again.").waitFor();
    await signIn(page, "ann");
    await question(page).waitFor();
  });

  test("stays on this device with the box; logging out ends it at the server and in other tabs", async () => {
    const { page } = await visit(server.url);
    await page.getByText("whoever uses this browser later").waitFor();
    await page.getByLabel("Stay signed in").check();
    await register(page, "ben");
    const other = await page.context().newPage();
    await other.goto(server.url);
    await question(other).waitFor();
    expect(await other.locator("#account").innerText()).toContain("ben");
    const { token } = JSON.parse(await page.evaluate<string>("Object.values(localStorage)[0]"));
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You are logged out.").waitFor();
    await other.getByText("You logged out in another tab.").waitFor();
    expect(await page.evaluate("localStorage.length")).toBe(0);
    await expect
      .poll(async () => {
        const reply = await fetch(`${server.url}/api/token_balance/`, {
          headers: { Authorization: `Bearer ${token}` },
        });
        return reply.status;
      })
      .toBe(401);
  });

  test("ends no login of another tab but the same one", async () => {
    const { page } = await visit(server.url);
    const other = await page.context().newPage();
    await other.goto(server.url);
    await register(page, "eve");
    await other.getByLabel("Stay signed in").check();
    await register(other, "fay");
    const third = await page.context().newPage();
    await third.goto(server.url);
    await question(third).fill("A draft");
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByText("You are logged out.").waitFor();
    expect(await page.evaluate("localStorage.length")).toBe(1);

    // The same login ends at the server, and one tab notices: the other one keeps what was written.
    const { token } = JSON.parse(await page.evaluate<string>("Object.values(localStorage)[0]"));
    await server.post("/api/logout/", {}, { Authorization: `Bearer ${token}` });
    await send(other, "Hello");
    await other.getByText("Your login is no longer valid.").waitFor();
    expect(await page.evaluate("localStorage.length")).toBe(0);
    expect(await question(third).inputValue()).toBe("A draft");
    await question(third).press("Enter");
    await third.getByText("Your login is no longer valid.").waitFor();
    await signIn(third, "fay");
    await question(third).waitFor();
    expect(await question(third).inputValue()).toBe("A draft");
  });

  test("as somebody else shows nothing of the conversation before", async () => {
    const { page } = await visit(server.url);
    await register(page, "cat");
    await question(page).fill("A secret draft");
    await page.getByRole("button", { name: "Log out" }).click();
    await register(page, "dan");
    expect(await question(page).inputValue()).toBe("");
    expect(await page.locator("article").count()).toBe(0);
  });
});
