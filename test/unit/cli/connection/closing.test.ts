import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { closeWithNote } from "../../../../src/cli/connection/closing.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What is told of a server that closes after `takes` ms, with so many questions in flight until then. */
async function told(takes: number, inFlight: number): Promise<string[]> {
  const notes: string[] = [];
  const close = () => new Promise<void>((resolve) => setTimeout(resolve, takes));
  const closing = closeWithNote({ inFlight, close }, (note) => notes.push(note));
  await vi.runAllTimersAsync();
  await closing;
  return notes;
}

test("a quick close prints no note", async () => {
  expect(await told(600, 1)).toEqual([]);
});

test("a slow close prints one note about the answer to another session", async () => {
  expect(await told(5000, 1)).toEqual([expect.stringContaining("another session")]);
});

test("a slow close for another reason mentions no session", async () => {
  const [note, ...more] = await told(5000, 0);
  expect(note).toContain("your own server");
  expect(note).not.toContain("session");
  expect(more).toEqual([]);
});
