import { fenced } from "../../../client/files/fenced.ts";
import { findFile } from "../../../client/files/find-file.ts";
import { readFile } from "../../../client/files/read-file.ts";
import { ClientError } from "../../../client/failure.ts";
import { CHAT_BODY_BYTES } from "../../../protocol/limits.ts";

/** The files of `ask -f`, each as a fenced block. Throws `usage` for one that can't be read or is no text. */
export async function attachedBlocks(names: readonly string[]): Promise<string[]> {
  const places = { working: process.cwd() };
  const blocks = [];
  for (const name of new Set(names)) {
    const found = await findFile(name, places);
    const read = await readFile(found?.file ?? { name, path: name }, CHAT_BODY_BYTES);
    if (read.kind === "refused") throw refusal(read.why, read.hint);
    if (read.kind === "image") throw refusal(`${read.name} is an image, and only text can be sent.`);
    blocks.push(fenced(read));
  }
  return blocks;
}

const refusal = (why: string, hint = "Nothing was sent. Name another file, or leave it out.") =>
  new ClientError("usage", why, { hint });
