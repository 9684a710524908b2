import { PassThrough, Readable } from "node:stream";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { unpacked } from "../../../../src/client/http/unpacked.ts";

async function read(pieces: Uint8Array[], encoding: string | undefined): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const piece of unpacked(Readable.from(pieces), encoding)) read.push(piece as Uint8Array);
  return Buffer.concat(read).toString();
}

const said = "hello ".repeat(1000);

describe("a body", () => {
  it.each([
    ["gzip", gzipSync],
    ["X-Gzip ", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", (bytes: Buffer) => bytes],
    [undefined, (bytes: Buffer) => bytes],
  ])("of encoding %j is read as what was packed, and an empty one as empty", async (encoding, pack) => {
    const bytes = pack(Buffer.from(said));
    expect(await read([bytes.subarray(0, 9), bytes.subarray(9)], encoding)).toBe(said);
    expect(await read([], encoding)).toBe("");
  });

  it.each(["gzip", "deflate", "br"])("that isn't %s though it says so can't be read", async (encoding) => {
    await expect(read([Buffer.from(said)], encoding)).rejects.toThrow(/header|Decompress/i);
  });

  it("ends the connection when nobody reads on", async () => {
    const body = new PassThrough();
    body.write(gzipSync(said));
    const closed = new Promise((resolve) => body.once("close", resolve));
    for await (const _ of unpacked(body, "gzip")) break;
    await closed;
    expect(body.destroyed).toBe(true);
  });
});
