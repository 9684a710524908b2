import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFinder, type Finder } from "../../../../src/client/files/finder.ts";
import { ClientError } from "../../../../src/client/failure.ts";
import { createFakeClient } from "../../session/fake-client.ts";
import { leave, start } from "./drawn-session.ts";

let dir: string;
let finder: () => Promise<Finder>;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "ai-chat-composer-"));
  await writeFile(join(dir, "app.ts"), "one\ntwo\nthree\n");
  await writeFile(join(dir, "paper.pdf"), "%PDF-1.7");
  finder = async () => createFinder({ working: dir });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** As hands type: a key at a time. */
const typeSlowly = (type: (text: string) => void, text: string) => {
  for (const key of text) type(key);
};

it("a file is offered while it is typed, becomes a mark with its size and price, and is read when it is sent", async () => {
  const client = createFakeClient();
  const session = start({ client, finder });
  await session.shows("4,000 tokens");
  typeSlowly(session.type, "explain @ap");
  await session.shows(/ {2}app\.ts|> app\.ts/);
  session.type("\r");
  await session.shows("> explain [app.ts 3 lines]");
  await session.shows("44 characters · 100 tokens");
  await writeFile(join(dir, "app.ts"), "one\ntwo\nthree\nfour\n");
  session.type("\r");
  await session.shows("You said: explain @app.ts");
  expect(client.questions.map(({ message }) => message)).toEqual([
    "explain @app.ts\n\n```app.ts\none\ntwo\nthree\nfour\n```",
  ]);
  // From the history it is the file again.
  session.type("\u001b[A");
  await session.shows("> explain [app.ts 4 lines]");
  session.type("\u0003");
  await leave(session);
});

it("a typed name that is a file is one without the menu; what is pasted, and a word that is none, is text", async () => {
  const client = createFakeClient();
  const session = start({ client, finder });
  await session.shows("4,000 tokens");
  typeSlowly(session.type, "@jane see @app.ts#2-2, ");
  await session.shows("> @jane see [app.ts#2-2 1 line],");
  session.type("\u001b[200~not @app.ts\u001b[201~");
  session.type("\r");
  await session.shows("You said: @jane see");
  expect(client.questions[0]?.message).toBe("@jane see @app.ts#2-2, not @app.ts\n\n```app.ts#2-2\ntwo\n```");
  await leave(session);
});

it("a file that can't be sent stops the question, which stays in the composer", async () => {
  const client = createFakeClient();
  const session = start({ client, finder });
  await session.shows("4,000 tokens");
  typeSlowly(session.type, "sum up @paper.pdf ");
  await session.shows("paper.pdf is a PDF.");
  session.type("\r");
  await session.shows(/paper\.pdf is a PDF\.\n[^]*Save its text[^]*> sum up \[paper\.pdf\]/);
  expect(client.questions).toEqual([]);
  session.type("\u0003");
  await leave(session);
});

it("a question that failed comes back with its files as they were sent, and keeps its key", async () => {
  const client = createFakeClient();
  client.script = [[new ClientError("timeout", "Too slow.", { charged: "maybe" })]];
  const session = start({ client, finder });
  await session.shows("4,000 tokens");
  await writeFile(join(dir, "grows.log"), "one\n");
  typeSlowly(session.type, "see @grows.log ");
  await session.shows("> see [grows.log 1 line]");
  session.type("\r");
  await session.shows("Too slow.");
  await session.shows(/Too slow[^]*> see \[grows\.log 1 line\]/);
  await writeFile(join(dir, "grows.log"), "one\ntwo\n");
  session.type("\r");
  await session.shows("You said: see");
  const [first, again] = client.questions;
  expect(again?.message).toBe("see @grows.log\n\n```grows.log\none\n```");
  expect(again?.key).toBe(first?.key);
  await leave(session);
});

it("/edit brings a question back with its files, which are read again", async () => {
  const client = createFakeClient();
  const session = start({ client, finder });
  await session.shows("4,000 tokens");
  await writeFile(join(dir, "todo.md"), "one\n");
  typeSlowly(session.type, "see @todo.md ");
  await session.shows("> see [todo.md 1 line]");
  session.type("\r");
  await session.shows("You said: see");
  await writeFile(join(dir, "todo.md"), "two\n");
  session.type("/edit\r");
  await session.shows("> see [todo.md 1 line]");
  session.type("\r");
  await session.shows("two");
  expect(client.questions.map(({ message }) => message)).toEqual([
    "see @todo.md\n\n```todo.md\none\n```",
    "see @todo.md\n\n```todo.md\ntwo\n```",
  ]);
  await leave(session);
});

it("an image goes beside the question, in which its label stands for it", async () => {
  const bytes = Buffer.from("\u0089PNG\r\n\u001a\n", "latin1");
  await writeFile(join(dir, "shot.png"), bytes);
  const client = createFakeClient({ extensions: ["history", "idempotency", "images"] });
  const session = start({ client, finder });
  await session.shows("4,000 tokens");
  typeSlowly(session.type, "what is @shot.png ");
  await session.shows("> what is [shot.png image]");
  session.type("\r");
  await session.shows("You said: what is @shot.png");
  expect(client.questions).toMatchObject([
    {
      message: "what is @shot.png\n\n[image shot.png]",
      images: [{ media_type: "image/png", data: bytes.toString("base64") }],
    },
  ]);
  await leave(session);
});
