// Roles and prompts of the user on the screen.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openTextFolders } from "../../../../src/client/kept/own-texts.ts";
import { createFakeClient } from "../../session/fake-client.ts";
import { leave, start } from "./drawn-session.ts";

let config: string;
beforeEach(async () => {
  config = await mkdtemp(join(tmpdir(), "ai-chat-test-"));
  for (const folder of ["roles", "prompts"]) await mkdir(join(config, folder));
  await writeFile(join(config, "roles/pirate.md"), "Talk like a pirate.");
  await writeFile(join(config, "roles/teacher.md"), "Explain it to a child.");
  await writeFile(join(config, "prompts/review.md"), "# Review this\n\nLook at $ARGUMENTS @closely.");
});
afterEach(() => rm(config, { recursive: true, force: true }));

/** Text and Enter at once would be a paste. */
async function enter(session: ReturnType<typeof start>, text: string) {
  session.type(text);
  await session.shows(text);
  session.type("\r");
}

it("takes a role from a list, names it in the status line, and sends it", async () => {
  const client = createFakeClient({ extensions: ["stream", "history", "instructions"] });
  const session = start({ client, texts: openTextFolders(config) });
  await session.shows("Ask, or type /");
  await enter(session, "/role");
  await session.shows(/teacher +Explain it to a child\./);
  expect(session.text()).toContain("No role.");
  await enter(session, "teach");
  await session.shows("From the next question on: the role teacher.");
  await session.shows(/as teacher · .*left/);
  await enter(session, "hi");
  await session.shows("You said: hi");
  expect(client.questions.map(({ instructions }) => instructions)).toEqual(["Explain it to a child."]);
  await leave(session);
});

it("names the role in the first lines", async () => {
  const role = { role: { name: "pirate", instructions: "Arr." }, isAsked: true };
  const session = start({ role });
  await session.shows("your own server on this machine");
  expect(session.text()).toContain("as pirate · your own server on this machine");
  await leave(session);
});

it("offers a prompt once a slash is typed, and sends it only at the second Enter", async () => {
  const client = createFakeClient();
  const session = start({ client, texts: openTextFolders(config) });
  await session.shows("Ask, or type /");
  session.type("/revi");
  await session.shows("/review [TEXT]  Review this");
  session.type("\r");
  await session.shows("> /review");
  await enter(session, "this");
  await session.shows("You said: # Review this");
  expect(client.questions.map(({ message }) => message)).toEqual(["# Review this\n\nLook at this @closely."]);
  session.type("\u001b[A");
  await session.shows("> /review this");
  session.type("\u0003");
  await leave(session);
});

it("gives a prompt back whose file can't be sent", async () => {
  await writeFile(join(config, "prompts/review.md"), " ");
  const client = createFakeClient();
  const session = start({ client, texts: openTextFolders(config) });
  await session.shows("Ask, or type /");
  await enter(session, "/review this");
  await session.shows("review.md is empty.");
  expect(session.text()).toContain("> /review this");
  expect(client.questions).toEqual([]);
  session.type("\u0003");
  await leave(session);
});
