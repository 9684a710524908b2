import { expect, test } from "vitest";
import { nearest } from "../../../src/text/nearest.ts";

const names = ["ask", "chat", "balance", "register", "login", "logout", "whoami", "serve", "help"];

test("a mistyped name finds the nearest one, if it is near enough", () => {
  const rows: [typed: string, meant: string | undefined][] = [
    ["aks", "ask"],
    ["balace", "balance"],
    ["bal", "balance"],
    ["reg", "register"],
    ["LOGIN", "login"],
    ["logot", "logout"],
    ["toString", undefined],
    ["explain", undefined],
    ["", undefined],
    ["x".repeat(1_000_000), undefined],
  ];
  for (const [typed, meant] of rows) expect(nearest(typed, names), typed.slice(0, 20)).toBe(meant);
});
