import { expect, it } from "vitest";
import { isNameOf, renamed } from "../../../src/client/account-name.ts";

it("learns another name of an account, and keeps those of before", () => {
  expect(renamed({ username: "jane" }, "Jane.Doe")).toEqual({ username: "Jane.Doe", formerly: ["jane"] });
  expect(renamed({ username: "jane.doe", formerly: ["jane", "j"] }, "Jane")).toEqual({
    username: "Jane",
    formerly: ["j", "jane.doe"],
  });
});

it("learns nothing from the same name in other letters, nor of a token without a name", () => {
  expect(renamed({ username: "jane" }, "JANE")).toBeUndefined();
  expect(renamed({ username: null }, "jane")).toBeUndefined();
  expect(renamed({ username: "" }, "jane")).toBeUndefined();
});

it("knows the names of an account, in any letters", () => {
  const account = { username: "jane.doe", formerly: ["Jane"] };
  expect(["JANE.doe", "jane", "joe", "", null].map((name) => isNameOf(account, name))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
  expect(isNameOf({ username: null }, null)).toBe(true);
});
