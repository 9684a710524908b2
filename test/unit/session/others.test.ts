import { expect, it, vi } from "vitest";
import { ClientError } from "../../../src/client/failure.ts";
import { connectionTo, createFakeClient, type FakeClient } from "./fake-client.ts";
import { openSession } from "./open-session.ts";

/** A session at another server (docs/cli.md#other-servers). */

function open(client: FakeClient, signedIn = true) {
  const saved: object[] = [];
  const opened = openSession({
    now: () => 5,
    connection: connectionTo(client, signedIn ? "jane" : undefined, {
      name: client.server,
      onSave: (entry) => saved.push(entry),
    }),
  });
  const { session } = opened;
  const type = async (...texts: string[]) => {
    for (const text of texts) {
      session.form({ type: "insert", text });
      session.form({ type: "enter" });
    }
    await session.idle();
  };
  return { ...opened, saved, type };
}

const others = () => createFakeClient({ extensions: [] });
const refusedNew = () =>
  new ClientError("invalid_token", "http://b refuses the token that it has just given: No.", {
    status: 401,
    remedy: { kind: "ask_operator" },
  });
const expired = () => new ClientError("invalid_token", "Invalid token.", { status: 401 });

it("asks for no password when the server refuses the token of the login that it has just answered", async () => {
  const client = others();
  const { session, said, notes, type, ask } = open(client);
  client.script = [[expired()], [refusedNew()]];
  await ask("one");
  expect(session.state.form).toMatchObject({ step: "password" });
  client.balanceFails = refusedNew();
  await type("correct horse");
  expect(session.state.form).toBeUndefined();
  expect(notes()).toEqual([
    "http://b refuses the token that it has just given: No.",
    "Ask whoever runs the server.",
    "The question was not sent.",
  ]);
  expect(said.at(-1)).toEqual({ type: "giveBack", text: "one" });
  expect(client.questions).toHaveLength(1);
  await ask("two");
  expect(session.state.form).toBeUndefined();
  expect(notes().slice(3)).toEqual([
    "http://b refuses the token that it has just given: No.",
    "Ask whoever runs the server.",
    "Nothing was charged. Enter sends it again.",
  ]);
});

it("asks for no password at its start for such a token either", async () => {
  const client = others();
  client.balanceFails = refusedNew();
  const { session, notes } = open(client);
  await session.start();
  expect(session.state.form).toBeUndefined();
  expect(notes()[0]).toContain("refuses the token");
});

it("keeps with a new login when it was given", async () => {
  const { session, saved, type } = open(others(), false);
  await session.start();
  await type("l", "jane", "correct horse");
  expect(saved).toMatchObject([{ username: "jane", token: "token-of-jane", given: 5 }]);
});

it("asks for the password when a 403 says that the token is no longer valid", async () => {
  const client = others();
  const { session, ask } = open(client);
  client.script = [
    [new ClientError("forbidden", "Invalid token.", { status: 403, remedy: { kind: "log_in" } })],
  ];
  await ask("one");
  expect(session.state.form).toMatchObject({ step: "password", username: "jane" });
});

it("prints any other 403 in the server's words", async () => {
  const client = others();
  const { session, notes, ask } = open(client);
  client.script = [[new ClientError("forbidden", "Not on Sundays.", { status: 403 })]];
  await ask("one");
  expect(session.state.form).toBeUndefined();
  expect(notes()).toEqual([
    "Not on Sundays.",
    "Ask whoever runs the server.",
    "Nothing was charged. Enter sends it again.",
  ]);
});

it.each([400, 403])("says that the tokens are used up where the status is %i", async (status) => {
  const client = others();
  const { notes, ask } = open(client);
  client.script = [[new ClientError("insufficient_tokens", "You are out of tokens", { status })]];
  await ask("one");
  expect(notes()).toEqual(["Not enough tokens.", "The operator of the server can grant more."]);
});

it("says that the account was made when the login after it fails, and logs in with the next try", async () => {
  const client = others();
  const failing = vi
    .spyOn(client, "login")
    .mockRejectedValue(new ClientError("bad_reply", "The login at http://b gave no token."));
  const { session, type } = open(client, false);
  await session.start();
  await type("r", "max", "12345678", "12345678");
  expect(session.state.form).toMatchObject({
    purpose: "login",
    step: "password",
    error: "The account was made, but the login failed: The login at http://b gave no token.",
  });
  failing.mockRestore();
  await type("12345678");
  expect(session.state).toMatchObject({ username: "max", form: undefined });
});

it("shows a line for each field that the server complains about", async () => {
  const client = others();
  const fields = [
    { field: "username", detail: "Too short" },
    { field: "password", detail: "Too common" },
  ];
  const message = "username: Too short\npassword: Too common";
  client.register = async () => {
    throw new ClientError("invalid_request", message, { status: 422, fields });
  };
  const { session, type } = open(client, false);
  await session.start();
  await type("r", "max", "12345678", "12345678");
  expect(session.state.form).toMatchObject({ step: "username", error: message });
  const known = open(client);
  client.script = [[new ClientError("invalid_request", message, { status: 422, fields })]];
  await known.ask("one");
  expect(known.notes().slice(0, 2)).toEqual(["username: Too short", "password: Too common"]);
});
