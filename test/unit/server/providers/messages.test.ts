import { expect, test } from "vitest";
import type { Image } from "../../../../src/protocol/images.ts";
import type { Message } from "../../../../src/server/core/provider.ts";
import { mergeMessages, requestBytes, withoutData } from "../../../../src/server/providers/messages.ts";

const png: Image = { media_type: "image/png", data: "iVBORw0KGgoAAAANSUhEUgAA/+==" };
const jpeg: Image = { media_type: "image/jpeg", data: "/9j/4AAQSkZJRgABAQAAAQABAAD=" };

test("images stay with the message of the user into which theirs is merged", () => {
  const messages: Message[] = [
    { role: "assistant", content: "A dog." },
    { role: "user", content: "And" },
    { role: "user", content: " \n" },
    { role: "user", content: "this?", images: [png] },
  ];
  expect(mergeMessages(messages)).toEqual([
    { role: "assistant", content: "A dog." },
    { role: "user", content: "And\n\nthis?", images: [png] },
  ]);
});

test("a request with images is the JSON that it would be without a shortcut", () => {
  const before = { role: "system" as const, content: '"é 😀' };
  const body = {
    model: "m",
    messages: [before, { role: "user" as const, content: "Two\n😀", images: [png, jpeg] }],
    stream: true,
  };
  const url = ({ media_type: type, data }: Image) => ({
    type: "image_url",
    image_url: { url: `data:${type};base64,${data}` },
  });
  const content = [{ type: "text", text: "Two\n😀" }, url(png), url(jpeg)];
  const whole = JSON.stringify({ ...body, messages: [before, { role: "user", content }] });
  expect(String(requestBytes(body))).toBe(whole);
});

test("a request without images is text", () => {
  const body = { messages: [{ role: "user" as const, content: "hi", images: undefined }], stream: true };
  expect(requestBytes(body)).toBe('{"messages":[{"role":"user","content":"hi"}],"stream":true}');
});

test.each([
  [`got data:image/png;base64,${png.data}`, "got data:image/png;base64,[image]"],
  [`got '${jpeg.data.slice(0, 20)}...'`, "got '[image]...'"],
  [String.raw`got \/9j\/4AAQSkZJ and …JRgABAQAAAQABAAD=`, "got [image] and …[image]"],
  ["request 0123456789abcdef0123456789abcdef", "request 0123456789abcdef0123456789abcdef"],
])("what an upstream repeats of an image is replaced: %#", (words, quoted) => {
  expect(withoutData(words, [png, jpeg])).toBe(quoted);
});
