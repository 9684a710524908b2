import { ClientError } from "../client/failure.ts";
import type { Image } from "../protocol/images.ts";
import { IMAGES } from "../protocol/limits.ts";
import type { Account } from "./account.ts";
import type { HeldImage } from "./images.ts";
import type { Room } from "./room.ts";
import type { State } from "./state.ts";

/** Whether the model that answers takes images; undefined while that is not known. */
export function takesImages({
  offersImages,
  models,
  choice,
}: Pick<State, "offersImages" | "models" | "choice">): boolean | undefined {
  if (offersImages !== true || models.length === 0) return offersImages;
  return models.find(({ name, isDefault }) => (choice ? name === choice.name : isDefault))?.images === true;
}

/** What to say of a question that cannot be asked because of its images; undefined if it can, as far as is known. */
export function refusedImages(state: State, images: readonly HeldImage[]): string[] | undefined {
  if (images.length === 0) return undefined;
  if (images.length > IMAGES.most)
    return [
      `A question takes at most ${IMAGES.most} images; this one has ${images.length}.`,
      "Nothing was sent: remove some of them, and send it again.",
    ];
  if (takesImages(state) !== false) return undefined;
  const { models, model, offersImages } = state;
  const others = models.filter((one) => one.images === true).map(({ name }) => name);
  const who = models.length > 1 && model !== null ? model : "The model";
  return [
    offersImages === true && others.length > 0
      ? `${who} takes no images. /model chooses one that does: ${others.join(", ")}.`
      : "This server takes no images.",
    "Nothing was sent: remove the images, or send it elsewhere.",
  ];
}

/** The images of a message: those of the last question if it is that one, or another version of it. */
export function imagesIn({ state, images }: Room, message: string): HeldImage[] {
  const { last, editing } = state();
  return images.in(message, editing || last?.message === message ? last?.images : []);
}

/** What is sent of images. Rejects with `ClientError` if they cannot be sent; then nothing may be. */
export async function sendable(
  { state }: Room,
  account: Pick<Account, "learnOffer">,
  images: readonly HeldImage[],
): Promise<Image[]> {
  if (takesImages(state()) === undefined) await account.learnOffer();
  const [refusal] = refusedImages(state(), images) ?? [];
  if (refusal !== undefined) throw new ClientError("usage", refusal);
  const read = await Promise.all(images.map((image) => image.read()));
  return read.map((image, at) => {
    if (image === undefined)
      throw new ClientError("usage", `The image ${images[at]?.name} is gone: take it out, or add it again.`);
    return { media_type: image.type, data: Buffer.from(image.bytes).toString("base64") };
  });
}
