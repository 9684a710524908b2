import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseSetting } from "../../../../src/cli/argv/settings-now.ts";
import { isSettingName, openSettings, settingNames } from "../../../../src/client/kept/settings.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-settings-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe("settings", () => {
  it("are kept for later runs, and forgotten when unset", async () => {
    const settings = openSettings({ dir, parse: parseSetting });
    expect(await settings.set("timeout", 60)).toEqual({ kept: true });
    expect(await settings.set("save", false)).toEqual({ kept: true });
    expect(await openSettings({ dir, parse: parseSetting }).unset("save")).toEqual({ kept: true });
    const later = openSettings({ dir, parse: parseSetting });
    for (const name of settingNames) expect(later.get(name)).toBe(name === "timeout" ? 60 : undefined);
  });

  it("have a model for each server", async () => {
    const at = (server?: string) => openSettings({ dir, parse: parseSetting, server });
    await at("local").set("model", "small");
    await at("https://a.example").set("model", "big");
    expect(
      ["local", "https://a.example", "https://b.example", undefined].map((s) => at(s).get("model")),
    ).toEqual(["small", "big", undefined, undefined]);
    await at("local").unset("model");
    expect([at("local").get("model"), at("https://a.example").get("model")]).toEqual([undefined, "big"]);
    await writeFile(join(dir, "config.json"), JSON.stringify({ model: "big" }));
    const edited = at("local");
    expect([edited.get("model"), edited.fault("model")]).toEqual([
      undefined,
      expect.stringContaining("has a model that can't be used"),
    ]);
  });

  it("are nothing where the file is broken, which stays as it is", async () => {
    const path = join(dir, "config.json");
    await writeFile(path, "{ broken");
    const settings = openSettings({ dir, parse: parseSetting });
    expect(settings.get("server")).toBeUndefined();
    expect(settings.problem).toContain(path);
    expect(await settings.set("save", true)).toMatchObject({ kept: false });
    expect(await readFile(path, "utf8")).toBe("{ broken");
  });

  it("skip a value that can't be used and say which", async () => {
    await writeFile(join(dir, "config.json"), JSON.stringify({ timeout: [1], save: true, server: 7 }));
    const settings = openSettings({ dir, parse: parseSetting });
    expect(settings.get("save")).toBe(true);
    expect(settings.problem).toBeUndefined();
    expect(settings.get("timeout")).toBeUndefined();
    expect(settings.problem).toContain("timeout");
  });

  it.each([
    ["server", 5],
    ["server", true],
    ["editor", 5],
  ] as const)("take no %s that is no text in the file: %j", async (name, value) => {
    await writeFile(join(dir, "config.json"), JSON.stringify({ [name]: value }));
    const settings = openSettings({ dir, parse: parseSetting });
    expect(settings.get(name)).toBeUndefined();
    expect(settings.problem).toContain(`a ${name} that can't be used`);
  });

  it("are read once, and again after a change", async () => {
    const settings = openSettings({ dir, parse: parseSetting });
    await settings.set("timeout", 60);
    expect(settings.get("timeout")).toBe(60);
    await writeFile(join(dir, "config.json"), JSON.stringify({ timeout: 5 }));
    expect([settings.get("timeout"), settings.get("save")]).toEqual([60, undefined]);
    await settings.set("save", true);
    expect([settings.get("timeout"), settings.get("save")]).toEqual([5, true]);
  });

  it("know their names and no others", () => {
    expect(settingNames.every(isSettingName)).toBe(true);
    expect(["toString", "Server", ""].some(isSettingName)).toBe(false);
  });
});
