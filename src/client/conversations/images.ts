import { isRecord } from "../../text/loose-json.ts";
import { oneLine } from "../../text/sanitize.ts";
import { imageTypes, type ImageType } from "../../protocol/images.ts";

/** An image of a question, whole. */
export interface Attached {
  name: string;
  type: ImageType;
  bytes: Uint8Array;
}

/** An image of a saved turn. `file`: its name in the folder of the conversation's images. */
export interface SavedImage {
  name: string;
  media_type: ImageType;
  file: string;
}

/** The folder of a conversation's images, in the folder of the conversations. */
export const imagesFolder = (id: string): string => `${id}.images`;

const MOST_NAME = 60;

/** What a question and the history say in the place of an image. */
export const imageLabel = (name: string): string => `[image ${labelName(name)}]`;

/** One line without brackets, which would end the label. */
function labelName(name: string): string {
  return oneLine(name, MOST_NAME).replaceAll(/[[\]]/g, "") || "untitled";
}

const extensions: Record<ImageType, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
};

/** The name of an image's file: equal images have one. */
export function imageFile({ type, bytes }: Attached): string {
  // Not imported: it takes 2 ms, and only images need it here.
  const { createHash } = process.getBuiltinModule("node:crypto");
  return `${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}.${extensions[type]}`;
}

/** Names as `imageFile` makes them: no other file is ever opened or linked. */
const FILE = /^[0-9a-f]{32}\.(png|jpg|webp|gif)$/;

const isType = (value: unknown): value is ImageType => imageTypes.some((type) => type === value);

/** The images of a turn's record, without what an edited file has instead. */
export function savedImagesOf(value: unknown): SavedImage[] {
  const all: unknown[] = Array.isArray(value) ? value : [];
  return all.filter(
    (one): one is SavedImage =>
      isRecord(one) &&
      typeof one.name === "string" &&
      isType(one.media_type) &&
      typeof one.file === "string" &&
      FILE.test(one.file),
  );
}
