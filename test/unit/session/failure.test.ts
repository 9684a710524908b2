import { expect, it } from "vitest";
import { ClientError, type Remedy } from "../../../src/client/failure.ts";
import { failureLines, troubleLines } from "../../../src/session/failure.ts";

it("says what helps in commands of the session, and nothing about options of the shell", () => {
  const rows: [remedy: Remedy, words: string | undefined][] = [
    [{ kind: "log_in" }, "/login logs in, or registers."],
    [{ kind: "start_server" }, "Is the server running? Start it, or go to another with /server URL."],
    [{ kind: "use_server", server: "https://b.example" }, "Go there with /server https://b.example"],
    [{ kind: "wait_seconds", seconds: 1 }, "Try again in 1 second."],
    [{ kind: "wait_seconds", seconds: 121 }, "Try again in 3 minutes."],
    [{ kind: "wait_seconds", seconds: 7_201 }, "Try again in 3 hours."],
    [{ kind: "fix_file", trouble: "/a is a folder. Move it away." }, "/a is a folder. Move it away."],
    [{ kind: "name_conversation", candidates: [], more: 0 }, "/resume shows which there are."],
    [{ kind: "longer_timeout" }, undefined],
  ];
  for (const [remedy, words] of rows) {
    const error = new ClientError("internal", "It failed.", { remedy, hint: "Use --server URL." });
    const lines = words === undefined ? ["It failed."] : ["It failed.", words];
    expect(troubleLines(error), remedy.kind).toEqual(lines);
  }
});

it("says when more tokens come instead of naming the operator", () => {
  const at = Date.parse("2026-11-27T00:00:00Z");
  const context = {
    local: false,
    username: "jane",
    commandName: "ai-chat",
    price: 100,
    idempotent: true,
    again: "Enter",
    now: at - 1000,
  };
  const lines = (next?: { tokens: number; at: number }) =>
    failureLines(
      new ClientError("insufficient_tokens", "No.", {
        balance: { tokens: 40, held: 0, required: 100, ...(next && { next }) },
      }),
      context,
    );
  const left = ["Not enough tokens.", "40 tokens left, a question costs 100."];
  expect(lines({ tokens: 1000, at })).toEqual([...left, "More to come: next 1,000 tokens at 00:00 UTC."]);
  expect(lines()).toEqual([...left, "The operator of the server can grant more."]);
});
