import { afterEach, beforeEach, expect, it } from "vitest";
import { openModelsServer, type ModelsServer } from "../support/models-server.ts";
import { makeHome, runProgram, type Home } from "../support/run-program.ts";
import { openSession } from "./open-session.ts";

let home: Home;
let server: ModelsServer;
let opened: ReturnType<typeof openSession> | undefined;
beforeEach(async () => {
  home = await makeHome();
  server = await openModelsServer();
});
afterEach(async () => {
  await opened?.end();
  await server.close();
  await home.remove();
});

async function open(...args: string[]) {
  opened = openSession({ home, args: ["-s", server.url, ...args], columns: 100 });
  await opened.sees("4,000 tokens");
  return opened;
}

it("chooses a model from a list with prices, and shows its price", async () => {
  const session = await open();
  await session.sees("small · 40 questions left");
  session.type("/model\r");
  await session.sees("500 tokens a question");
  session.type("bi");
  await session.sees("> bi");
  session.type("\r");
  await session.sees("The next questions go to big");
  await session.sees("big · 500 a question");
  session.type("Hello\r");
  await session.sees("You said: Hello");
  expect(server.asked()).toEqual(["big"]);
});

it("takes the model of the flag, and a NAME after /model", async () => {
  const session = await open("-m", "big");
  await session.sees("big · 500 a question");
  session.type("/model small\r");
  await session.sees("The next questions go to small");
  session.type("Hello\r");
  await session.sees("You said: Hello");
  expect(server.asked()).toEqual(["small"]);
});

it("does not send a command that does not exist, however often Enter is pressed", async () => {
  const session = await open();
  session.type("/modle\r");
  await session.sees("did you mean /model?");
  session.type("\r");
  session.type("\r");
  session.type("\u0015Hello\r");
  await session.sees("You said: Hello");
  expect(server.seen.filter(({ url }) => url === "/api/chat/")).toHaveLength(1);
});

const plain = (args: string[], input: string, env: Record<string, string> = {}) =>
  runProgram(["chat", "--plain", "-s", server.url, ...args], {
    home,
    stdin: { pipe: input },
    env: { AI_CHAT_TOKEN: "t", ...env },
  });

it("lists the models in line mode, and takes a NAME", async () => {
  const { stdout, stderr, code } = await plain([], "/model\n/model big\nHello\n");
  expect(stderr).toContain(
    "small  (100 tokens a question · default · chosen)\nbig  (500 tokens a question)\n",
  );
  expect(stderr).toContain("/model NAME chooses one of them.");
  expect([code, stdout, server.asked()]).toEqual([0, "You said: Hello\n", ["big"]]);
});

it("ends with not_offered if a flag names a model at a server without models", async () => {
  server.models = [];
  const flag = await plain(["-m", "big"], "Hello\n");
  expect([flag.code, flag.stdout]).toEqual([1, ""]);
  expect(flag.stderr).toContain("does not let a question choose its model");
  expect(server.asked()).toEqual([]);
  const variable = await plain([], "Hello\nAgain\n", { AI_CHAT_ASK_MODEL: "big" });
  expect(variable.code).toBe(0);
  expect(variable.stderr.split("the question does not name big.")).toHaveLength(2);
});
