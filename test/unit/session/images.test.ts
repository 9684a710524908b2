import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import type { Attached } from "../../../src/client/conversations/images.ts";
import { createImages } from "../../../src/session/images.ts";
import type { Pending } from "../../../src/session/pending.ts";
import { answer, createFakeClient } from "./fake-client.ts";
import { createSavedSessions } from "./saved-sessions.ts";

const extensions = ["history", "idempotency", "images"] as const;
const png = (name: string, content = name): Attached => ({
  name,
  type: "image/png",
  bytes: Buffer.from(`\u0089PNG\r\n\u001a\n${content}`, "latin1"),
});
const sentAs = ({ type, bytes }: Attached) => ({
  media_type: type,
  data: Buffer.from(bytes).toString("base64"),
});

describe("images of a session", () => {
  it("have labels of their own, and equal ones have the same", () => {
    const images = createImages();
    expect(images.add(png("shot.png"))).toBe("[image shot.png]");
    expect(images.add(png("shot.png"))).toBe("[image shot.png]");
    expect(images.add(png("shot.png", "changed"))).toBe("[image shot 2.png]");
    expect(images.add(png("pics/shot.png", "shot.png"))).toBe("[image shot.png]");
    expect(images.add(png("a]\n\u001b[31m.png"))).toBe("[image a .png]");
    const text = "[image shot 2.png] and [image other.png], [image shot.png], [image shot.png]";
    expect(images.in(text).map(({ name }) => name)).toEqual(["shot 2.png", "shot.png"]);
  });

  it("have labels of their own also if their names differ only at the end of a long one", () => {
    const images = createImages();
    const long = "screenshot ".repeat(9);
    const labels = ["1", "2", "3"].map((end) => images.add(png(`${long}${end}.png`)));
    expect(new Set(labels).size).toBe(3);
    expect(labels[2]).toBe(`[image ${long.slice(0, 39)}… 3.png]`);
  });

  it("are dropped from memory, the oldest first, and are then known to be gone", async () => {
    const images = createImages();
    const labels = Array.from({ length: 17 }, (_, at) => images.add(png(`${at}.png`)));
    expect(await images.in(labels[0]!)[0]?.read()).toBeUndefined();
    expect(await images.in(labels[1]!)[0]?.read()).toEqual(png("1.png"));
  });
});

let sessions: Awaited<ReturnType<typeof createSavedSessions>>;
beforeEach(async () => {
  sessions = await createSavedSessions();
});
afterEach(() => sessions.remove());

function open(options: Parameters<typeof sessions.open>[0] = {}) {
  const client = createFakeClient({ extensions: [...extensions] });
  return sessions.open({ client, ...options });
}

describe("a question with images", () => {
  it("is sent with those whose labels are in it, and saved with them; a later one is not", async () => {
    const { session, client, ask, idOf, notes } = open();
    const shot = png("shot.png");
    const label = session.images.add(shot);
    session.images.add(png("unused.png"));
    await ask(`What is on ${label}?`);
    await ask("And below?");
    const [first, second] = client.questions;
    expect(first).toMatchObject({ message: "What is on [image shot.png]?", images: [sentAs(shot)] });
    expect(second?.images).toBeUndefined();
    expect(second?.history[0]?.content).toBe("What is on [image shot.png]?");
    expect(notes()).toEqual([]);
    const saved = sessions.conversations();
    const [turn] = (await saved.read(idOf())).exchanges;
    expect(await saved.readImages(idOf(), turn?.images ?? [])).toEqual([shot]);
  });

  it("that fails is sent again under its key with the same images, and /retry of an answer with them too", async () => {
    const { session, client, ask } = open();
    const label = session.images.add(png("shot.png"));
    client.script = [[new ClientError("timeout", "No reply.", { charged: "maybe" })]];
    await ask(label);
    await ask(label);
    session.retry();
    await session.idle();
    const sent = client.questions.filter(({ images }) => images?.[0]?.data === sentAs(png("shot.png")).data);
    expect(sent).toHaveLength(client.questions.length);
    const keys = client.questions.map(({ key }) => key);
    expect(new Set(keys.slice(0, -1)).size).toBe(1);
    expect(keys.at(-1)).not.toBe(keys[0]);
  });

  it("of a conversation that goes on later can be asked again and edited, with its images", async () => {
    const first = open();
    await first.ask(`What is ${first.session.images.add(png("shot.png"))}?`);
    const { session, client, ask } = open({ beginning: { kind: "id", id: first.idOf() } });
    await session.start();
    session.retry();
    await session.idle();
    session.edit();
    await ask("Describe [image shot.png].");
    expect(client.questions.map(({ images }) => images)).toEqual([
      [sentAs(png("shot.png"))],
      [sentAs(png("shot.png"))],
    ]);
  });

  it("whose images are gone is not sent", async () => {
    const first = open();
    await first.ask(`What is ${first.session.images.add(png("shot.png"))}?`);
    const { session, client, said, notes } = open({ beginning: { kind: "id", id: first.idOf() } });
    await session.start();
    const folder = join(sessions.dir, `${first.idOf()}.images`);
    await rm(folder, { recursive: true });
    session.retry();
    await session.idle();
    expect(client.questions).toEqual([]);
    expect(notes()).toContain("The image shot.png is gone: take it out, or add it again.");
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "What is [image shot.png]?" });
  });

  it("waits in the queue with them", async () => {
    const { session, client } = open();
    let release = () => {};
    client.script = [[new Promise<void>((resolve) => (release = resolve)), ...answer("Yes.")]];
    session.ask("First");
    session.ask(`Then ${session.images.add(png("shot.png"))}`);
    release();
    await session.idle();
    expect(client.questions.map(({ images }) => images)).toEqual([undefined, [sentAs(png("shot.png"))]]);
  });

  it("is not kept on disk by a session that saves nothing", async () => {
    const { session, client, ask } = open({ save: false });
    await ask(session.images.add(png("shot.png")));
    expect(client.questions).toHaveLength(1);
    expect(await readdir(sessions.dir)).toEqual([]);
  });
});

describe("images that cannot be sent", () => {
  it("are refused by a session before anything is sent: a server without, or more than 4", async () => {
    const plain = sessions.open();
    await plain.session.start();
    expect(plain.session.ask(plain.session.images.add(png("a.png")))).toBe(false);
    expect(plain.notes()).toEqual([
      "This server takes no images.",
      "Nothing was sent: take images out, and send it again.",
    ]);
    const { session, client, notes } = open();
    const labels = ["a", "b", "c", "d", "e"].map((name) => session.images.add(png(name)));
    expect(session.ask(labels.join(" "))).toBe(false);
    expect(notes()[0]).toBe("A question takes at most 4 images; this one has 5.");
    expect(session.ask(labels.slice(1).join(" "))).toBe(true);
    await session.idle();
    expect(plain.client.questions).toEqual([]);
    expect(client.questions[0]?.images).toHaveLength(4);
  });

  it("are refused for the model that answers, with the names of those that take some", async () => {
    const models = [
      { name: "small", price: 100, isDefault: true },
      { name: "eyes", price: 500, isDefault: false, images: true },
    ];
    const client = createFakeClient({ extensions: [...extensions, "models"], models });
    const { session, notes, ask } = sessions.open({ client });
    await session.start();
    const label = session.images.add(png("a.png"));
    await ask(label);
    expect(notes()[0]).toBe("small takes no images. /model chooses one that does: eyes.");
    await session.models.choose("eyes");
    await ask(label);
    expect(client.questions).toMatchObject([{ model: "eyes", images: [sentAs(png("a.png"))] }]);
  });

  it("are refused too if what the server offers is known only after the question", async () => {
    const { session, client, said, notes, ask } = sessions.open();
    await ask(session.images.add(png("a.png")));
    expect(client.questions).toEqual([]);
    expect(notes()[0]).toBe("This server takes no images.");
    expect(said.at(-1)).toEqual({ type: "giveBack", text: "[image a.png]" });
  });
});

describe("a question with images of a session that was killed", () => {
  async function killed() {
    let pending: Pending | undefined;
    const { session, client } = open({ onPending: (question) => (pending ??= question) });
    client.script = [[new Promise(() => {})]];
    session.ask(session.images.add(png("shot.png")));
    await session.start();
    session.stop();
    await session.idle();
    return { ...pending!, key: "old" };
  }

  it("has its key again if its images are there", async () => {
    const pending = await killed();
    const { session, client, ask } = open({ pending });
    session.images.add(png("shot.png"));
    await session.start();
    await ask(pending.message);
    expect(client.questions).toMatchObject([{ key: "old", images: [sentAs(png("shot.png"))] }]);
  });

  it("says that they are gone if they are, and has another key", async () => {
    const pending = await killed();
    const { session, client, notes, ask } = open({ pending });
    await session.start();
    expect(notes()).toContain("Its images are gone: add them again.");
    await ask(`[image shot.png]`);
    expect(client.questions[0]?.key).not.toBe("old");
  });
});
