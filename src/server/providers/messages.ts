import { randomUUID } from "node:crypto";
import type { ChatCompletionContentPart } from "openai/resources/chat/completions";
import type { Image } from "../../protocol/images.ts";
import type { Message } from "../core/provider.ts";
import { IMAGE_ENDS } from "../core/prompt.ts";

/** Merges neighbours of one role and drops empty messages: the templates of some models refuse them. */
export function mergeMessages(messages: Message[]): Message[] {
  const merged: Message[] = [];
  for (const { role, content, images } of messages) {
    const last = merged.at(-1);
    if (content.trim() === "") continue;
    if (last?.role === role) {
      last.content += `\n\n${content}`;
      last.images = images;
    } else merged.push({ role, content, images });
  }
  return merged;
}

/** Stands for the data of an image. Nobody outside can know it. */
const MARK = randomUUID();

/** The JSON of a request: as text, or with images as bytes, because `JSON.stringify` would copy each of them several times. */
export function requestBytes(body: { messages: Message[] }): string | Buffer {
  const last = body.messages.at(-1);
  if (!last?.images) return JSON.stringify(body);
  const { role, content, images } = last;
  const parts: ChatCompletionContentPart[] = [
    { type: "text", text: content },
    ...images.map(({ media_type: type }) => ({
      type: "image_url" as const,
      image_url: { url: `data:${type};base64,${MARK}` },
    })),
  ];
  const messages = [...body.messages.slice(0, -1), { role, content: parts }];
  return filledIn(JSON.stringify({ ...body, messages }).split(MARK), images);
}

/** The texts with the data of an image after each but the last. */
function filledIn(texts: string[], images: readonly Image[]): Buffer {
  const sizes = [...texts.map((text) => Buffer.byteLength(text)), ...images.map(({ data }) => data.length)];
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const [index, text] of texts.entries()) {
    at += bytes.write(text, at);
    at += bytes.write(images[index]?.data ?? "", at, "latin1");
  }
  return bytes;
}

/** An upstream's words without the data of images, which some repeat from its beginning or to its end. */
export function withoutData(words: string, images: readonly Image[]): string {
  const isOf = (run: string) =>
    images.some(
      ({ data }) => data.startsWith(run.slice(0, IMAGE_ENDS)) || data.endsWith(run.slice(-IMAGE_ENDS)),
    );
  return words.replaceAll(DATA, (run) => (isOf(run.replaceAll("\\", "")) ? "[image]" : run));
}

const DATA = /[A-Za-z0-9+/=\\]{12,}/g;
