import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clipboardTools, copyLocally } from "../../../../src/cli/io/clipboard.ts";

const WAYLAND = { WAYLAND_DISPLAY: "wayland-0" };
const X = { DISPLAY: ":0" };
const TMUX = { TMUX: "/tmp/tmux-0/default,1,0" };
const SSH = { SSH_CONNECTION: "192.0.2.1 5000 192.0.2.2 22" };

describe("the tools for the clipboard", () => {
  it.each<[string, NodeJS.Platform, Record<string, string>, string[]]>([
    ["none in a console", "linux", {}, []],
    ["Wayland's", "linux", WAYLAND, ["wl-copy"]],
    ["those of X", "linux", X, ["xclip", "xsel"]],
    ["Wayland's first where both are there", "linux", { ...X, ...WAYLAND }, ["wl-copy", "xclip", "xsel"]],
    ["Windows' own inside WSL", "linux", { WSL_DISTRO_NAME: "Debian" }, ["clip.exe"]],
    ["tmux's last", "linux", { ...X, ...TMUX }, ["xclip", "xsel", "tmux"]],
    [
      "only tmux's over ssh, whatever display is set",
      "linux",
      { ...X, ...WAYLAND, ...TMUX, ...SSH },
      ["tmux"],
    ],
    ["none over ssh", "linux", { ...X, ...WAYLAND, ...SSH }, []],
    ["that of macOS", "darwin", {}, ["pbcopy"]],
    ["not that of macOS over ssh", "darwin", { SSH_TTY: "/dev/ttys001" }, []],
    ["that of Windows", "win32", {}, ["clip.exe"]],
  ])("are %s", (_, platform, env, names) => {
    expect(clipboardTools({ env, platform }).map(([name]) => name)).toEqual(names);
  });
});

describe("a text for the clipboard of this machine", () => {
  let dir: string;
  beforeEach(async () => void (dir = await mkdtemp(join(tmpdir(), "ai-chat-tools-"))));
  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** A tool of that name that does what the shell's words say; nothing else is on the PATH. */
  async function tool(name: string, words: string): Promise<void> {
    const file = join(dir, name);
    await writeFile(file, `#!/bin/sh\ncd '${dir}'\nPATH=/usr/bin:/bin\n${words}\n`);
    await chmod(file, 0o755);
  }
  const copy = (text: string, env: Record<string, string>, timeout?: number) =>
    copyLocally(text, { env: { PATH: dir, ...env }, platform: "linux", timeout });
  const took = (name: string) => readFile(join(dir, `${name}.took`), "utf8");
  const keeps = (name: string) => tool(name, `printf '%s ' "$@" > ${name}.args; cat > ${name}.took`);

  it("goes to the first tool that is there, whole and as it is, and to no other", async () => {
    await keeps("xclip");
    await keeps("xsel");
    const text = `한글 "quoted" $HOME\n\n  indented\n${"x".repeat(300_000)}\n`;
    expect(await copy(text, { ...X, ...WAYLAND })).toBe(true);
    expect(await took("xclip")).toBe(text);
    expect(await readFile(join(dir, "xclip.args"), "utf8")).toBe("-selection clipboard ");
    expect(await readdir(dir)).not.toContain("xsel.took");
  });

  it("goes to the next one when a tool fails, hangs, or ends without reading", async () => {
    await tool("wl-copy", "exec sleep 600");
    await tool("xclip", "exit 1");
    await keeps("xsel");
    expect(await copy("y".repeat(1_000_000), { ...X, ...WAYLAND }, 3_000)).toBe(true);
    expect(await took("xsel")).toHaveLength(1_000_000);
  });

  it("goes to the next one also when a tool hangs and ignores that it is told to end", async () => {
    await tool("xclip", "trap '' TERM HUP INT\nwhile :; do sleep 1; done");
    await keeps("xsel");
    expect(await copy("text", X)).toBe(true);
    expect(await took("xsel")).toBe("text");
  });

  it("needn't wait for the part of a tool that stays to serve it", async () => {
    await tool("xclip", "cat > xclip.took; sleep 2 & exit 0");
    expect(await copy("text", X, 60_000)).toBe(true);
    expect(await took("xclip")).toBe("text");
  });

  it("is refused where no tool is there or none takes it", async () => {
    expect(await copy("text", { ...X, ...WAYLAND })).toBe(false);
    await tool("xclip", "exit 1");
    await tool("xsel", "kill -9 $$");
    expect(await copy("text", X)).toBe(false);
    expect(await copy("text", {})).toBe(false);
  });

  it("is refused, and ends nothing, where the PATH leads through a file", async () => {
    await writeFile(join(dir, "file"), "");
    expect(await copy("text", { ...X, PATH: join(dir, "file") })).toBe(false);
  });
});
