import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCredentials, type Entry } from "../../../../src/client/kept/credentials.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ai-chat-credentials-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const jane: Entry = { token: "t-jane", username: "jane" };
const server = "https://chat.example.org:8443/a.b";
const place = () => join(folder, "config", "ai-chat");
const file = () => join(place(), "credentials.json");
const open = () => openCredentials({ dir: place() });

async function left(text: string): Promise<void> {
  await mkdir(place(), { recursive: true });
  await writeFile(file(), text);
}

describe("credentials", () => {
  it("keep one token a server, for this and every later run", async () => {
    const full = {
      ...jane,
      scheme: "Token",
      expires: 5,
      given: 4,
      balance: "/api/balance",
      offer: { at: 1, extensions: ["history"], price: 100, model: "demo" },
    };
    expect(await open().set(server, full)).toEqual({ kept: true });
    expect(await open().set("local", { ...jane, username: "me" })).toEqual({ kept: true });
    const later = open();
    expect(later.get(server)).toEqual(full);
    expect(later.list().map(({ server, entry }) => [server, entry.username])).toEqual([
      [server, "jane"],
      ["local", "me"],
    ]);
    expect(later.get("https://chat.example.org:8443/a")).toBeUndefined();
    expect(later.problem).toBeUndefined();
  });

  it("are for this user's eyes alone, also after somebody opened them", async () => {
    await open().set(server, jane);
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect([await mode(place()), await mode(file())]).toEqual(["700", "600"]);
    await chmod(file(), 0o644);
    await open().update(server, { username: "janet" });
    expect(await mode(file())).toBe("600");
  });

  it("touch nothing before they are needed", async () => {
    const credentials = open();
    expect(credentials.get(server)).toBeUndefined();
    expect(credentials.list()).toEqual([]);
    await expect(stat(place())).rejects.toThrow("ENOENT");
  });

  it("change part of an entry, and none that is gone", async () => {
    const credentials = open();
    await credentials.set(server, jane);
    await credentials.update(server, { scheme: "Token" });
    expect(credentials.get(server)).toEqual({ ...jane, scheme: "Token" });
    await credentials.remove(server);
    expect(await credentials.update(server, { scheme: "Token" })).toEqual({ kept: true });
    expect(open().get(server)).toBeUndefined();
  });

  it("change nothing for a token that is no longer the kept one", async () => {
    const credentials = open();
    await credentials.set(server, { ...jane, given: 4 });
    await credentials.update(server, { scheme: "Token", given: undefined }, "of a login before");
    expect(open().get(server)).toEqual({ ...jane, given: 4 });
    await credentials.update(server, { scheme: "Token", given: undefined }, jane.token);
    expect(open().get(server)).toEqual({ ...jane, scheme: "Token" });
  });

  it("keep where a server has the balance, and nothing else, when somebody logs in there again", async () => {
    const credentials = open();
    await credentials.set(server, { ...jane, scheme: "Token", given: 4, balance: "" });
    await credentials.set(server, { token: "t-max", username: "max" });
    expect(open().get(server)).toEqual({ token: "t-max", username: "max", balance: "" });
  });

  it("keep a later login where a certain token is to be forgotten", async () => {
    await open().set(server, jane);
    const later = { ...jane, token: "of a login since" };
    await open().set(server, later);
    expect(await open().remove(server, jane.token)).toEqual({ kept: true });
    expect(open().get(server)).toEqual(later);
    expect(await open().remove(server, later.token)).toEqual({ kept: true });
    expect(open().get(server)).toBeUndefined();
  });

  it("never overwrite a file that holds no JSON object, and say so", async () => {
    for (const text of ["{ broken", "[]", '"text"', "null"]) {
      await left(text);
      const credentials = open();
      expect(credentials.get(server)).toBeUndefined();
      expect(credentials.problem).toContain(file());
      expect(credentials.problem).toContain("Repair it, or move it away");
      for (const change of [
        credentials.set(server, jane),
        credentials.update(server, jane),
        credentials.remove(server),
      ])
        expect(await change).toEqual({ kept: false, why: credentials.problem });
      expect(await readFile(file(), "utf8"), text).toBe(text);
    }
  });

  it("skip what isn't an entry and leave it in the file", async () => {
    await left(
      JSON.stringify({ a: 1, b: { token: 7 }, c: { token: "" }, [server]: { token: "t", offer: "x" } }),
    );
    const credentials = open();
    expect(credentials.list()).toEqual([{ server, entry: { token: "t", username: "" } }]);
    await credentials.set("local", jane);
    expect(JSON.parse(await readFile(file(), "utf8"))).toMatchObject({ a: 1, local: jane });
  });

  it("don't find what every object has", async () => {
    await open().set(server, jane);
    expect(open().get("toString")).toBeUndefined();
    expect(open().get("__proto__")).toBeUndefined();
  });

  it("say what they couldn't keep where there is no folder for them", async () => {
    const homeless = openCredentials({ dir: undefined });
    expect(homeless.get(server)).toBeUndefined();
    expect(await homeless.set(server, jane)).toMatchObject({
      kept: false,
      why: expect.stringContaining("HOME"),
    });

    await writeFile(join(folder, "config"), "a file in the way");
    const blocked = open();
    expect(blocked.get(server)).toBeUndefined();
    expect(await blocked.set(server, jane)).toMatchObject({
      kept: false,
      why: expect.stringContaining(file()),
    });
    expect(blocked.problem).toContain("in the way");
  });

  it("take over the lock that a killed process left", async () => {
    const lock = `${file()}.lock`;
    await mkdir(lock, { recursive: true });
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    expect(await open().set(server, jane)).toEqual({ kept: true });
  });

  it(
    "lose nothing when two processes write 200 each at once, and this one besides; nor do settings",
    { timeout: 180_000 },
    async () => {
      const script = join(folder, "write.mjs");
      const { build } = await import("esbuild");
      await build({
        entryPoints: ["credentials", "settings"].map(
          (name) => new URL(`../../../../src/client/kept/${name}.ts`, import.meta.url).pathname,
        ),
        outdir: folder,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        format: "esm",
        platform: "node",
        logLevel: "silent",
        banner: {
          js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
        },
      });
      await writeFile(
        script,
        `import { openCredentials } from "./credentials.mjs";
       import { openSettings } from "./settings.mjs";
       const [, , dir, name, setting, last] = process.argv;
       const credentials = openCredentials({ dir });
       const settings = openSettings({ dir, parse: (name, text) => text });
       const all = [];
       for (let at = 0; at < 200; at += 1) {
         all.push(await credentials.set(name + at, { token: "t" + at, username: "u" }));
         if (at % 20 === 0) all.push(await settings.set(setting, String(at)));
       }
       all.push(await settings.set(setting, last));
       console.log(all.filter(({ kept }) => !kept).length);`,
      );
      const run = async (...args: string[]) =>
        (await promisify(execFile)(process.execPath, [script, place(), ...args])).stdout;
      const mine = open();
      const [a, b] = await Promise.all([
        run("a", "timeout", "7"),
        run("b", "editor", "vi"),
        ..."0123456789".split("").map((name) => mine.set(`c${name}`, jane)),
      ]);
      expect([a, b]).toEqual(["0\n", "0\n"]);
      const all = open().list();
      expect(all).toHaveLength(410);
      expect(all.find(({ server: name }) => name === "b199")?.entry.token).toBe("t199");
      expect(JSON.parse(await readFile(join(place(), "config.json"), "utf8"))).toEqual({
        timeout: "7",
        editor: "vi",
      });
    },
  );
});
