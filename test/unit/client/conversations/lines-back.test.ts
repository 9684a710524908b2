import { afterEach, expect, test, vi } from "vitest";
import { linesBack } from "../../../../src/client/conversations/lines-back.ts";
import type { Handle } from "../../../../src/client/conversations/open-file.ts";

afterEach(() => void vi.restoreAllMocks());

const MIB = 1024 * 1024;

function handleOf(file: Buffer): Handle {
  const read = async (into: Buffer, offset: number, length: number, from: number) => ({
    bytesRead: file.copy(into, offset, from, from + length),
    buffer: into,
  });
  return { read } as unknown as Handle;
}

async function lines(file: Buffer): Promise<[start: number, length: number, ended: boolean][]> {
  const found: [number, number, boolean][] = [];
  for await (const { start, bytes, ended } of linesBack(handleOf(file), file.length))
    found.push([start, bytes.length, ended]);
  return found;
}

test("a line of many reads is whole, and takes linear time", async () => {
  const long = Buffer.alloc(16 * MIB, "x");
  const concat = vi.spyOn(Buffer, "concat");
  const file = Buffer.from(`a\n${long.toString()}\nb\n${long.toString()}`);
  expect(await lines(file)).toEqual([
    [16 * MIB + 5, 16 * MIB, false],
    [16 * MIB + 3, 1, true],
    [2, 16 * MIB, true],
    [0, 1, true],
  ]);
  const joined = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
  expect(joined).toBeLessThan(2 * file.length);
});

test("a file is its only line, also an empty one", async () => {
  const long = Buffer.alloc(3 * MIB, "x");
  expect(await lines(long)).toEqual([[0, 3 * MIB, false]]);
  expect(await lines(Buffer.from("\n"))).toEqual([[0, 0, true]]);
  expect(await lines(Buffer.alloc(0))).toEqual([]);
});
