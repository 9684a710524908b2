import { mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTextFiles } from "../../../src/cli/io/text-files.ts";
import { toMarkdown } from "../../../src/client/conversations/export.ts";
import type { CommandUi, SessionCommand } from "../../../src/session/command.ts";
import { commandNamed, runCommand } from "../../../src/session/commands.ts";
import { createSavedSessions } from "./saved-sessions.ts";

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
let home: string;
beforeEach(async () => {
  sessions = await createSavedSessions();
  home = join(sessions.dir, "home");
  await mkdir(home);
});
afterEach(() => sessions.remove());

const command = commandNamed("export") as SessionCommand;

function open(...options: Parameters<typeof sessions.open>) {
  const opened = sessions.open(...options);
  const { session } = opened;
  const ui = { files: createTextFiles(home) } as CommandUi;
  const asks = (name: string) => command.asks?.(session, name, ui);
  const write = async (name: string, isAgreed = false) => {
    await runCommand(session, command, name, ui, isAgreed);
    return opened.notes().at(-1);
  };
  return { ...opened, asks, write };
}

describe("/export", () => {
  it("writes what conversations export prints, for its owner alone; ~ is the home folder", async () => {
    const { ask, asks, write, idOf } = open();
    await ask("one");
    const file = join(home, "rome trip.md");
    expect(asks("~/rome trip.md")).toBeUndefined();
    expect(await write("~/rome trip.md")).toBe(`Exported to ${file}`);
    expect(await readFile(file, "utf8")).toBe(toMarkdown(await sessions.conversations().read(idOf())));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it("takes other names as paths from the working folder", () => {
    expect(open().asks("package.json")).toBe(
      `${join(process.cwd(), "package.json")} exists, and this replaces it.`,
    );
  });

  it("asks about a file that exists, and replaces it only then", async () => {
    const { ask, asks, write } = open();
    await ask("one");
    const file = join(home, "a.md");
    await writeFile(file, "kept, and longer than what is written, ".repeat(20));
    expect(asks("~/a.md")).toBe(`${file} exists, and this replaces it.`);
    expect(await write("~/a.md")).toBe(`${file} exists: nothing was written.`);
    expect(await readFile(file, "utf8")).toMatch(/^kept/);
    expect(await write("~/a.md", true)).toBe(`Exported to ${file}`);
    expect(await readFile(file, "utf8")).toMatch(/^# one\n[^]*You said: one\n$/);
  });

  it("writes nothing through a symbolic link that leads nowhere", async () => {
    const { ask, write } = open();
    await ask("one");
    await symlink(join(home, "nowhere"), join(home, "link"));
    expect(await write("~/link")).toBe(`${join(home, "link")} exists: nothing was written.`);
  });

  it.each([
    ["~", "it is a folder."],
    ["~/no/a.md", "its folder does not exist."],
  ])("says why nothing can be written to %s", async (name, why) => {
    const { ask, asks, write } = open();
    await ask("one");
    expect(asks(name)).toBeUndefined();
    expect(await write(name)).toBe(`${join(home, name.slice(1))} can't be written: ${why}`);
  });

  it("has the versions that are shown here, whatever another session chose", async () => {
    const { session, ask, write } = open();
    await ask("one");
    await ask("two");
    const second = sessions.open({ beginning: { kind: "newest" } });
    await second.session.start();
    second.session.edit();
    await second.ask("three");
    await write("~/a.md");
    const text = await readFile(join(home, "a.md"), "utf8");
    expect([text.includes("> two"), text.includes("> three")]).toEqual([true, false]);
    expect(session.state.turns).toHaveLength(4);
  });

  it("writes no file without a name, without turns, or if nothing is saved", async () => {
    const { ask, write } = open();
    expect(await write("")).toBe("/export takes the name of a file: /export rome.md");
    expect(await write("~/a.md")).toBe("Nothing of this conversation is saved yet.");
    await ask("one");
    const unsaved = open({ save: false });
    await unsaved.ask("one");
    expect(await unsaved.write("~/a.md")).toBe("This session saves nothing, and so exports nothing.");
    await expect(stat(join(home, "a.md"))).rejects.toThrow("ENOENT");
    await rm(home, { recursive: true });
  });
});
