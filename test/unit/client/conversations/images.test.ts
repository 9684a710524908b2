import { access, chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Conversations } from "../../../../src/client/conversations/conversations.ts";
import { toJson, toMarkdown } from "../../../../src/client/conversations/export.ts";
import { imageLabel, type Attached } from "../../../../src/client/conversations/images.ts";
import { createPlace, jane, turn } from "./place.ts";

let place: Awaited<ReturnType<typeof createPlace>>;
let saved: Conversations;
beforeEach(async () => {
  place = await createPlace();
  saved = place.conversations();
});
afterEach(() => place.remove());

const png = (name: string, content = name): Attached => ({
  name,
  type: "image/png",
  bytes: Buffer.from(`\u0089PNG\r\n\u001a\n${content}`, "latin1"),
});
const folderOf = (id: string) => join(place.dir, `${id}.images`);
const filesOf = (id: string) => readdir(folderOf(id));
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

async function held(...images: Attached[]) {
  const id = saved.start(jane);
  const question = ["what?", ...images.map(({ name }) => imageLabel(name))].join(" ");
  const { turn: last } = await saved.append(id, turn("a", { question, images }));
  return { id, last };
}

describe("the images of a question", () => {
  it("are kept beside the conversation, for this user alone, and are read back whole", async () => {
    const images = [png("shot.png"), png("again.png", "shot.png"), png("other.png")];
    const { id } = await held(...images);
    expect([await modeOf(place.dir), await modeOf(folderOf(id))]).toEqual(["700", "700"]);
    const files = await filesOf(id);
    expect(files).toHaveLength(2);
    for (const file of files) expect(await modeOf(join(folderOf(id), file))).toBe("600");
    const [exchange] = (await place.conversations().read(id)).exchanges;
    expect(exchange?.images?.map(({ name }) => name)).toEqual(["shot.png", "again.png", "other.png"]);
    expect(await place.conversations().readImages(id, exchange?.images ?? [])).toEqual(images);
  });

  it("are named in what is shown, exported and sent later, and are not listed as conversations", async () => {
    const { id } = await held(png("shot.png"));
    const conversation = await saved.read(id);
    expect(toMarkdown(conversation)).toContain("> what? [image shot.png]\n");
    expect(JSON.parse(toJson(conversation)).turns[0].images).toEqual([
      { name: "shot.png", media_type: "image/png", file: `${id}.images/${(await filesOf(id))[0]}` },
    ]);
    const [question] = await saved.turnsForHistory(id);
    expect(question).toEqual({ role: "user", content: "what? [image shot.png]" });
    expect((await saved.list()).map((one) => one.id)).toEqual([id]);
    expect(place.problems).toEqual([]);
  });

  it("are in a fork of their own, and are deleted with each conversation", async () => {
    const { id, last } = await held(png("shot.png"));
    await saved.append(id, turn("b", { images: [png("later.png")] }));
    const fork = await saved.fork(id, last);
    expect(await filesOf(fork.id)).toHaveLength(1);
    expect(await saved.remove(id)).toEqual({ kept: true });
    expect([await isThere(folderOf(id)), await isThere(place.file(id))]).toEqual([false, false]);
    const [exchange] = (await saved.read(fork.id)).exchanges;
    expect(await saved.readImages(fork.id, exchange?.images ?? [])).toEqual([png("shot.png")]);
    await saved.remove(fork.id);
    expect(await readdir(place.dir)).toEqual([]);
  });

  it("that are gone or were changed are left out, and keep no conversation from going on", async () => {
    const { id, last } = await held(png("a.png"), png("b.png"));
    const images = (await saved.read(id)).exchanges[0]?.images ?? [];
    await writeFile(join(folderOf(id), images[0]!.file), "no image");
    expect(await saved.readImages(id, images)).toEqual([png("b.png")]);
    await rm(folderOf(id), { recursive: true });
    expect(await saved.readImages(id, images)).toEqual([]);
    expect(await saved.fork(id, last)).toMatchObject({ kept: true });
  });

  it("are never read from another place than their folder", async () => {
    const { id } = await held(png("a.png"));
    const line = (await place.text(id)).replace(/"file":"[^"]+"/, '"file":"../../secret.png"');
    await writeFile(place.file(id), line);
    expect((await saved.read(id)).exchanges[0]).not.toHaveProperty("images");
    await symlink(place.root, join(place.dir, "abcdefgh.images"));
    await writeFile(join(place.dir, "abcdefgh.jsonl"), await readFile(place.file(id)));
    await saved.remove("abcdefgh");
    expect(await isThere(place.root)).toBe(true);
    expect(await isThere(place.dir)).toBe(true);
  });

  it("that cannot be written are told, and the turn is kept without them", async () => {
    const id = saved.start(jane);
    await mkdir(place.dir, { recursive: true });
    await writeFile(folderOf(id), "in the way");
    const kept = await saved.append(id, turn("a", { images: [png("a.png")] }));
    expect(kept).toMatchObject({ kept: true, lostImages: expect.stringContaining(`${id}.images`) });
    expect((await saved.read(id)).exchanges).toHaveLength(1);
  });

  it.skipIf(process.getuid?.() === 0)("that cannot be deleted leave the conversation there", async () => {
    const { id } = await held(png("a.png"));
    await chmod(folderOf(id), 0o500);
    expect(await saved.remove(id)).toMatchObject({ kept: false });
    await chmod(folderOf(id), 0o700);
    expect(await saved.remove(id)).toEqual({ kept: true });
  });
});
