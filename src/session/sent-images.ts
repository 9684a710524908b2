import { ClientError } from "../client/failure.ts";
import type { Attached } from "../client/conversations/images.ts";
import type { Image } from "../protocol/images.ts";
import { IMAGES } from "../protocol/limits.ts";
import type { Account } from "./account.ts";
import type { HeldImage } from "./images.ts";
import type { Room } from "./room.ts";
import type { State } from "./state.ts";

type Choosing = Pick<State, "extensions" | "models" | "choice">;

const chosenOf = ({ models, choice }: Choosing) =>
  models.find(({ name, isDefault }) => (choice ? name === choice.name : isDefault));

/** Whether the model that answers takes images; undefined while that is not known. */
function takesImages(now: Choosing): boolean | undefined {
  const isOffered = now.extensions?.has("images");
  if (isOffered !== true || now.models.length === 0) return isOffered;
  const chosen = chosenOf(now);
  return chosen && chosen.images === true;
}

/** Why so many images cannot be sent, and the models that take some, if it is for the model. */
export function refusedCount(now: Choosing, count: number): { why: string; others: string[] } | undefined {
  if (count === 0) return undefined;
  if (count > IMAGES.most)
    return { why: `A question takes at most ${IMAGES.most} images; this one has ${count}.`, others: [] };
  if (takesImages(now) !== false) return undefined;
  const others = now.models.filter(({ images }) => images === true).map(({ name }) => name);
  if (others.length === 0 || now.extensions?.has("images") === false)
    return { why: "This server takes no images.", others: [] };
  return { why: `${chosenOf(now)?.name} takes no images.`, others };
}

/** What to say of a question that cannot be asked because of its images; undefined if it can, as far as is known. */
export function refusedImages(state: State, images: readonly HeldImage[]): [string, string] | undefined {
  const refused = refusedCount(state, images.length);
  if (refused === undefined) return undefined;
  const { why, others } = refused;
  const way = others.length === 0 ? "" : ` /model chooses one that does: ${others.join(", ")}.`;
  return [`${why}${way}`, "Nothing was sent: take images out, and send it again."];
}

/** An image as a question carries it. */
export const carried = ({ type, bytes }: Attached): Image => ({
  media_type: type,
  data: Buffer.from(bytes).toString("base64"),
});

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
    return carried(image);
  });
}
