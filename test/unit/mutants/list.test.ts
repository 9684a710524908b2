import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { placesOf } from "../../mutants/edit.js";
import { mutants } from "../../mutants/list.js";
import { root } from "../../support/pages.ts";

test("every edit has its place, exactly once, in a file that exists", async () => {
  const faults = [];
  for (const mutant of mutants) {
    const places = await placesOf(root, mutant);
    if (places !== 1) faults.push(`${mutant.file}: ${places} times: ${mutant.find}`);
  }
  expect(faults).toEqual([]);
});

test("every edit changes something, and names test files that exist", () => {
  const faults = mutants.filter(
    ({ find, replace, tests }) =>
      find === replace || tests.length === 0 || !tests.every((path) => existsSync(root + path)),
  );
  expect(faults).toEqual([]);
});

test("every room with money or text in it has edits", () => {
  const files = mutants.map(({ file }) => file);
  const rooms = ["server/core", "server/stores/json", "server/stores/postgres", "server/http", "client/http"];
  const others = ["client/conversations", "session", "tui", "cli/argv", "disk", "text"];
  const without = [...rooms, ...others].filter(
    (room) => !files.some((file) => file.startsWith(`src/${room}/`)),
  );
  expect(without).toEqual([]);
  expect(files.length).toBeGreaterThanOrEqual(40);
});
