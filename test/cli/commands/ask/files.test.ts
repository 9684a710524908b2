import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFakeOpenAi, type FakeOpenAi } from "../../../support/openai-server.ts";
import { makeHome, runProgram, type Home, type ProgramOptions } from "../../../support/run-program.ts";
import { openTestServer, testModel, type TestServer } from "../../../support/test-server.ts";

/** `ask -f`: what of a file is part of the question, and which files are refused. */

const PNG = "\u0089PNG\r\n\u001a\n";
let ai: FakeOpenAi;
let server: TestServer;
let token: string;
let home: Home;
beforeAll(async () => {
  ai = await openFakeOpenAi();
  const model = { baseUrl: ai.url, upstream: "m" };
  server = await openTestServer({
    provider: undefined,
    models: [testModel({ name: "blind", ...model }), testModel({ name: "sees", ...model, images: true })],
  });
  token = await server.token("jane");
  home = await makeHome();
  await writeFile(path("a.ts"), "one\ntwo\nthree\n");
  await writeFile(path("my notes.md"), "```js\nx\n```");
  await writeFile(path("paper.pdf"), "%PDF-1.7\n");
  for (const name of ["a", "b", "c", "d", "e"])
    await writeFile(path(`${name}.png`), `${PNG}${name}`, "latin1");
});
afterAll(async () => {
  await server.close();
  await ai.close();
  await home.remove();
});

const path = (name: string) => join(home.dir, name);
const ask = (args: string[], options: Partial<ProgramOptions> = {}) =>
  runProgram(["ask", "-s", server.url, ...args], { home, env: { AI_CHAT_TOKEN: token }, ...options });
const message = () => ai.requests.at(-1)!.body.messages.at(-1)!.content as string;

test("the question is the words, then each file in a fence with its name, then stdin", async () => {
  const args = ["-f", `${path("a.ts")}#2-3`, "--file", path("my notes.md"), "explain", "@a.ts"];
  expect(await ask(args, { stdin: { pipe: "piped\n" } })).toMatchObject({ code: 0 });
  expect(message()).toBe(
    [
      "explain @a.ts",
      `\`\`\`${path("a.ts")}#2-3\ntwo\nthree\n\`\`\``,
      `\`\`\`\`${path("my notes.md")}\n\`\`\`js\nx\n\`\`\`\n\`\`\`\``,
      "piped",
    ].join("\n\n"),
  );
});

test("a file alone is a question, once however often it is named", async () => {
  expect(await ask(["--no-stdin", "-f", path("a.ts"), "-f", path("a.ts")])).toMatchObject({ code: 0 });
  expect(message()).toBe(`\`\`\`${path("a.ts")}\none\ntwo\nthree\n\`\`\``);
});

test("a file that can't be sent is refused in two lines, and nothing is sent", async () => {
  const before = ai.requests.length;
  expect(await ask(["hi", "-f", path("paper.pdf")])).toMatchObject({
    code: 2,
    stdout: "",
    stderr: `ai-chat: ${path("paper.pdf")} is a PDF.\nSave its text in a file first, for example with: pdftotext\n`,
  });
  const { code, stderr } = await ask(["--json", "hi", "-f", path("none")]);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: "usage", message: `There is no file ${path("none")}.` },
  });
  expect(ai.requests).toHaveLength(before);
});

test("images go to a model that takes them, beside the text, and are kept with the conversation", async () => {
  const images = ["-f", path("a.png"), "-f", path("a.ts"), "-f", path("b.png")];
  const asked = await ask(["-m", "sees", "--save", "--no-stdin", "compare", ...images]);
  expect(asked).toMatchObject({ code: 0 });
  const question = `compare\n\n[image a.png]\n\n\`\`\`${path("a.ts")}\none\ntwo\nthree\n\`\`\`\n\n[image b.png]`;
  const url = (name: string) =>
    `data:image/png;base64,${Buffer.from(`${PNG}${name}`, "latin1").toString("base64")}`;
  expect(message()).toEqual([
    { type: "text", text: question },
    { type: "image_url", image_url: { url: url("a") } },
    { type: "image_url", image_url: { url: url("b") } },
  ]);
  expect(await ask(["-c", "--no-stdin", "and now?"])).toMatchObject({ code: 0 });
  const sent = ai.requests.at(-1)!.body.messages;
  expect(sent.map(({ content }: { content: unknown }) => content)).toContain(question);
  const [id] = /\b[a-z0-9]{8}\b(?=; to go on)/.exec(asked.stderr) ?? [""];
  const shown = await runProgram(["conversations", "show", id, "--json"], { home });
  expect(JSON.parse(shown.stdout).turns[0].images).toMatchObject([{ name: "a.png" }, { name: "b.png" }]);
});

test("images that can't be sent are refused before anything is", async () => {
  const before = ai.requests.length;
  expect(await ask(["hi", "-f", path("a.png")])).toMatchObject({
    code: 2,
    stderr: `ai-chat: blind takes no images.\nNothing was sent. Ask one that does, such as: npx ai-chat ask -m sees -s ${server.url}\n`,
  });
  const five = ["a", "b", "c", "d", "e"].flatMap((name) => ["-f", path(`${name}.png`)]);
  const many = await ask(["--json", "-m", "sees", "hi", ...five]);
  expect(JSON.parse(many.stderr)).toMatchObject({
    error: { code: "usage", message: "A question takes at most 4 images; this one has 5." },
  });
  expect(ai.requests).toHaveLength(before);
});
