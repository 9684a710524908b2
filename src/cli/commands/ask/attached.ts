import { blockOf } from "../../../client/files/fenced.ts";
import type { Attached } from "../../../client/conversations/images.ts";
import { findFile } from "../../../client/files/find-file.ts";
import { readFile } from "../../../client/files/read-file.ts";
import { ClientError } from "../../../client/failure.ts";
import { CHAT_BODY_BYTES } from "../../../protocol/limits.ts";
import { createImages } from "../../../session/images.ts";

/** What files add to a question: a block for each, and the images for which some of them stand. */
export interface AttachedFiles {
  blocks: string[];
  images: readonly Attached[];
}

/** The files of `ask -f`, each as a fenced block, or the label of an image. Throws `usage` for one that can't be read. */
export async function attachedFiles(names: readonly string[]): Promise<AttachedFiles> {
  const images = createImages();
  const places = { working: process.cwd() };
  const blocks = [];
  for (const name of new Set(names)) {
    const found = await findFile(name, places);
    const read = await readFile(found?.file ?? { name, path: name }, CHAT_BODY_BYTES);
    if (read.kind === "refused") throw refusal(read.why, read.hint);
    blocks.push(blockOf(read, (image) => images.add(image)));
  }
  const labels = blocks.filter((block) => !block.startsWith("`"));
  const read = await Promise.all(images.in(labels.join("\n")).map((image) => image.read()));
  return { blocks, images: read.filter((image) => image !== undefined) };
}

const refusal = (why: string, hint = "Nothing was sent. Name another file, or leave it out.") =>
  new ClientError("usage", why, { hint });
