import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it, onTestFinished } from "vitest";
import { StartupError } from "../../../../../src/server/core/startup-error.ts";
import { acquireLock, lockHolder } from "../../../../../src/server/stores/json/lock.ts";
import { makeFolder, openStore } from "./place.ts";

/** A program that takes the lock of the folder that it is given, says how that went, and lives on if it has it. */
async function buildStarter(): Promise<string> {
  const outfile = join(await makeFolder(), "starter.mjs");
  const contents = `
    import { acquireLock } from "./src/server/stores/json/lock.ts";
    acquireLock(process.argv[2]).then(
      () => { console.log("holds"); setInterval(() => {}, 60_000); },
      (error) => console.log(error.name),
    );`;
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  return outfile;
}

/** What the starter said, and its process, which is killed when the test is over. */
async function start(starter: string, dir: string): Promise<{ said: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [starter, dir], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { said: said.toString().trim(), child };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

const inUse = /Another ai-chat server uses the folder/;

describe("the folder's lock", () => {
  it("is held by one, and free after its release", async () => {
    const dir = await makeFolder();
    expect(await lockHolder(dir)).toBe(false);
    const lock = await acquireLock(dir);
    expect(await lockHolder(dir)).toBe(true);
    await expect(acquireLock(dir)).rejects.toThrow(inUse);
    await lock.release();
    await lock.release();
    expect(await lockHolder(dir)).toBe(false);
    await (await acquireLock(dir)).release();
  });

  it("is free if there is no folder, and asking changes nothing", async () => {
    const dir = await makeFolder();
    expect(await lockHolder(join(dir, "nowhere"))).toBe(false);
    const lock = await acquireLock(dir);
    const names = await readdir(dir);
    await lockHolder(dir);
    expect(await readdir(dir)).toEqual(names);
    await lock.release();
  });

  it("goes to one of twelve processes that start at once", async () => {
    const [dir, starter] = [await makeFolder(), await buildStarter()];
    const started = await Promise.all(Array.from({ length: 12 }, () => start(starter, dir)));
    expect(started.map(({ said }) => said).sort()).toEqual([
      ...Array.from({ length: 11 }, () => "StartupError"),
      "holds",
    ]);
  });

  it("goes to one of twelve calls in one process, and leaves one file", async () => {
    const dir = await makeFolder();
    for (let round = 0; round < 15; round += 1) {
      const tries = await Promise.allSettled(Array.from({ length: 12 }, () => acquireLock(dir)));
      const held = tries.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
      expect(held).toHaveLength(1);
      await held[0]?.release();
    }
    const lock = await acquireLock(dir);
    expect(await readdir(dir)).toHaveLength(1);
    await lock.release();
  });

  it("is taken over from a process that was killed, but not from one that is stopped", async () => {
    const [dir, starter] = [await makeFolder(), await buildStarter()];
    const { said, child } = await start(starter, dir);
    expect(said).toBe("holds");
    await expect(openStore(dir)).rejects.toThrow(StartupError);
    // Alive, but as busy as can be.
    child.kill("SIGSTOP");
    await expect(acquireLock(dir)).rejects.toThrow(inUse);
    expect(await lockHolder(dir)).toBe(true);
    await kill(child);
    expect(await lockHolder(dir)).toBe(false);
    const lock = await acquireLock(dir);
    expect((await start(starter, dir)).said).toBe("StartupError");
    await lock.release();
  });

  it("leaves one of two processes in a folder whose path has 200 bytes", async () => {
    const [above, starter] = [await makeFolder(), await buildStarter()];
    const dir = join(above, "x".repeat(199 - above.length));
    await mkdir(dir);
    expect(Buffer.byteLength(dir)).toBe(200);
    const started = await Promise.all([start(starter, dir), start(starter, dir)]);
    expect(started.map(({ said }) => said).sort()).toEqual(["StartupError", "holds"]);
    expect((await start(starter, dir)).said).toBe("StartupError");
    expect(await lockHolder(dir)).toBe(true);
    const holder = started.find(({ said }) => said === "holds");
    if (holder) await kill(holder.child);
    expect(await lockHolder(dir)).toBe(false);
  });

  it("works in a folder whose path is longer than a socket's may be, and doesn't change the working folder", async () => {
    const dir = join(await makeFolder(), "x".repeat(120), "y".repeat(120));
    await mkdir(dir, { recursive: true });
    const home = process.cwd();
    const lock = await acquireLock(dir);
    await expect(acquireLock(dir)).rejects.toThrow(inUse);
    expect(await lockHolder(dir)).toBe(true);
    await lock.release();
    expect(process.cwd()).toBe(home);
    expect(await readdir(dir)).toEqual(["lock.1"]);
  });

  it("treats a plain file, as a copy of the folder makes it, as a dead lock", async () => {
    const dir = await makeFolder();
    await writeFile(join(dir, "lock.7"), "");
    await mkdir(join(dir, "lock.new.abc"));
    await writeFile(join(dir, "lock.new.abc", "lock.new.abc"), "");
    await mkdir(join(dir, "lock.new.def"));
    const lock = await acquireLock(dir);
    expect(await readdir(dir)).toEqual(["lock.8"]);
    await lock.release();
  });

  it("treats a link as a dead lock, wherever it points", async () => {
    const [dir, other] = [await makeFolder(), await makeFolder()];
    const held = await acquireLock(other);
    await symlink(join(other, "lock.1"), join(dir, "lock.7"));
    expect(await lockHolder(dir)).toBe(false);
    const lock = await acquireLock(dir);
    expect(await readdir(dir)).toEqual(["lock.8"]);
    await lock.release();
    await held.release();
  });

  it("is refused in a folder that does not exist", async () => {
    const dir = await makeFolder();
    await expect(acquireLock(join(dir, "nowhere"))).rejects.toThrow(StartupError);
  });
});
