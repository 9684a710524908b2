import { describe, expect, it } from "vitest";
import type { ClipboardImage } from "../../../../src/tui/options.ts";
import { createFakeClient } from "../../session/fake-client.ts";
import { leave, start } from "./drawn-session.ts";

const CTRL_V = "\u0016";
const bytes = Buffer.from("\u0089PNG\r\n\u001a\n", "latin1");
const shot: ClipboardImage = { kind: "image", image: { name: "clipboard.png", type: "image/png", bytes } };
const sent = [{ media_type: "image/png", data: bytes.toString("base64") }];

function begin(pasteImage: () => Promise<ClipboardImage>) {
  const client = createFakeClient({ extensions: ["history", "idempotency", "images"] });
  return { client, ...start({ client, pasteImage }) };
}

describe("Ctrl-V", () => {
  it("puts the image of the clipboard into the question as one character, which can be deleted", async () => {
    const session = begin(async () => shot);
    await session.shows("Ask, or type /");
    session.type(`See ${CTRL_V}`);
    await session.shows("> See [image clipboard.png]");
    session.type("\u007f!\r");
    await session.shows("You said: See !");
    session.type(CTRL_V);
    await session.shows("> [image clipboard.png]");
    session.type(" what?\r");
    await session.shows("You said: [image clipboard.png] what?");
    expect(session.client.questions.map(({ images }) => images)).toEqual([undefined, sent]);
    await leave(session);
  });

  it.each([
    ["none", "The clipboard holds no image."],
    ["tooLarge", "more than 5 MiB"],
    ["noTool", "No tool here reads an image"],
  ] as const)("says so if there is none to take (%s)", async (kind, words) => {
    const session = begin(async () => ({ kind }));
    await session.shows("Ask, or type /");
    session.type(`a${CTRL_V}`);
    await session.shows(words);
    session.type("\u007f");
    await session.shows("Ask, or type /");
    expect(session.client.questions).toEqual([]);
    await leave(session);
  });

  it("keeps a question that is sent before the image is there", async () => {
    let give: ((found: ClipboardImage) => void) | undefined;
    const session = begin(() => new Promise((resolve) => (give = resolve)));
    await session.shows("Ask, or type /");
    session.type(`What?${CTRL_V}\r`);
    await session.shows("Kept: the image of the clipboard is being read.");
    give?.(shot);
    await session.shows("> What?[image clipboard.png]");
    session.type("\r");
    await session.shows("You said: What?[image clipboard.png]");
    expect(session.client.questions).toMatchObject([{ images: sent }]);
    await leave(session);
  });

  it("warns before anything is sent if the model takes none, and Enter then keeps the text", async () => {
    const client = createFakeClient();
    const session = start({ client, pasteImage: async () => shot });
    await session.shows("40 questions");
    session.type(CTRL_V);
    await session.shows(/This server takes no images\.\n> \[image clipboard\.png\]/);
    session.type("\r");
    await session.shows("Nothing was sent");
    await session.shows("> [image clipboard.png]");
    expect(client.questions).toEqual([]);
    session.type("\u007f");
    await session.shows("Ask, or type /");
    await leave(session);
  });
});
