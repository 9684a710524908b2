import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clipboardImage } from "../../../../src/cli/io/clipboard-image.ts";

const X = { DISPLAY: ":0" };
const WAYLAND = { WAYLAND_DISPLAY: "wayland-0" };
const WSL = { WSL_DISTRO_NAME: "Debian" };
const PNG = Buffer.from("\u0089PNG\r\n\u001a\n\u0000\u00ff", "latin1");
const JPEG = Buffer.from("\u00ff\u00d8\u00ff\u0000", "latin1");

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-tools-"));
  await writeFile(join(dir, "shot.png"), PNG);
  await writeFile(join(dir, "photo.jpg"), JPEG);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A tool of that name that does what the shell's words say; nothing else is on the PATH. */
async function tool(name: string, words: string): Promise<void> {
  const file = join(dir, name);
  await writeFile(file, `#!/bin/sh\ncd '${dir}'\nPATH=/usr/bin:/bin\n${words}\n`);
  await chmod(file, 0o755);
}
const read = (env: Record<string, string>, platform: NodeJS.Platform = "linux", timeout?: number) =>
  clipboardImage({ env: { PATH: dir, ...env }, platform, timeout });
const png = { kind: "image", image: { name: "clipboard.png", type: "image/png", bytes: PNG } };

const xclip = (types: string, file: string) =>
  `case "$*" in *TARGETS*) printf '${types}' ;; *) cat ${file} ;; esac`;

describe("the image of the clipboard", () => {
  it.each<[string, string, string, Record<string, string>, NodeJS.Platform]>([
    ["X", "xclip", xclip("TARGETS\\ntext/html\\nimage/png\\n", "shot.png"), X, "linux"],
    ["Wayland", "wl-paste", `[ "$1" = --list-types ] && echo image/png || cat shot.png`, WAYLAND, "linux"],
    ["WSL", "powershell.exe", "base64 shot.png", WSL, "linux"],
    ["Windows", "powershell.exe", "base64 shot.png", {}, "win32"],
    ["macOS", "osascript", `printf '«data PNGf89504E470D0A1A0A00FF»\\n'`, {}, "darwin"],
  ])("is read whole on %s", async (_, name, words, env, platform) => {
    await tool(name, words);
    expect(await read(env, platform)).toEqual(png);
  });

  it("is read in a type that can be sent", async () => {
    await tool("xclip", xclip("image/bmp\\nimage/jpeg\\n", "photo.jpg"));
    expect(await read(X)).toMatchObject({ image: { name: "clipboard.jpeg", bytes: JPEG } });
  });

  it("is read by the next tool where the first one is missing or sees none", async () => {
    await tool("xclip", xclip("image/png\\n", "shot.png"));
    expect(await read({ ...WAYLAND, ...X })).toEqual(png);
    await tool("wl-paste", "echo text/plain");
    expect(await read({ ...WAYLAND, ...X })).toEqual(png);
  });

  it.each([
    ["is text", "echo UTF8_STRING"],
    ["is empty", "exit 1"],
    ["is no image though it says so", "echo image/png"],
    ["hangs", "exec sleep 600"],
  ])("is none if the clipboard %s", async (_, words) => {
    await tool("xclip", words);
    expect(await read(X, "linux", 500)).toEqual({ kind: "none" });
  });

  it("is refused if it is too large, however much of it comes", async () => {
    await tool("xclip", `case "$*" in *TARGETS*) echo image/png ;; *) cat shot.png; cat /dev/zero ;; esac`);
    expect(await read(X)).toEqual({ kind: "tooLarge" });
    const large = `cat shot.png; head -c 5242871 /dev/zero`;
    await tool("xclip", `case "$*" in *TARGETS*) echo image/png ;; *) ${large} ;; esac`);
    expect(await read(X)).toEqual({ kind: "tooLarge" });
  });

  it("is not read where there is no tool, and over ssh none is asked", async () => {
    expect(await read(X)).toEqual({ kind: "noTool" });
    expect(await read({})).toEqual({ kind: "noTool" });
    await tool("xclip", xclip("image/png\\n", "shot.png"));
    expect(await read({ ...X, SSH_TTY: "/dev/pts/1" })).toEqual({ kind: "noTool" });
  });
});
