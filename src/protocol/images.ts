import { base64Bytes } from "../text/base64.ts";
import { IMAGES } from "./limits.ts";

/** The kinds of images that a question can carry. */
export const imageTypes = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const;
export type ImageType = (typeof imageTypes)[number];

/** An image of a question. `data`: its bytes in Base64. */
export interface Image {
  media_type: ImageType;
  data: string;
}

/** The first bytes of each kind, at their place. */
const signatures: readonly [ImageType, ...[at: number, bytes: string][]][] = [
  ["image/png", [0, "\x89PNG\r\n\x1a\n"]],
  ["image/jpeg", [0, "\xff\xd8\xff"]],
  ["image/webp", [0, "RIFF"], [8, "WEBP"]],
  ["image/gif", [0, "GIF87a"]],
  ["image/gif", [0, "GIF89a"]],
];

/** How many bytes {@link imageType} looks at. */
const SIGNATURE_BYTES = 12;

/** What kind of image the bytes are, by how they begin; undefined if they are none of these. */
export function imageType(bytes: Uint8Array): ImageType | undefined {
  const head = Buffer.from(bytes.subarray(0, SIGNATURE_BYTES)).toString("latin1");
  return signatures.find(([, ...parts]) => parts.every(([at, text]) => head.startsWith(text, at)))?.[0];
}

/** What is wrong with an image; undefined if a server takes it. */
export function imageFault({ media_type, data }: Image): string | undefined {
  const tooLarge = `data must have at most ${IMAGES.bytes} bytes.`;
  // Before its characters are looked at.
  if (data.length > Math.ceil(IMAGES.bytes / 3) * 4) return tooLarge;
  const bytes = base64Bytes(data);
  if (bytes === undefined) return "data must be Base64, with its padding and without line ends.";
  if (bytes > IMAGES.bytes) return tooLarge;
  const type = imageType(Buffer.from(data.slice(0, (SIGNATURE_BYTES / 3) * 4), "base64"));
  if (type === media_type) return undefined;
  return `data must be of the kind that media_type says: its bytes are ${type ?? "no image of these kinds"}.`;
}
