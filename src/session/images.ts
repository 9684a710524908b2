import { imageLabel, type Attached } from "../client/conversations/images.ts";
import { oneLine } from "../text/sanitize.ts";

/** An image that a question can have. */
export interface HeldImage {
  name: string;
  /** Undefined if it is gone. */
  read(): Promise<Attached | undefined>;
}

/**
 * The images of a session by their labels, such as `[image shot.png]`. A label in a question stands for its image, wherever
 * the text was meanwhile: in the queue, in an editor, in the history.
 */
export interface Images {
  /** Returns its label. Equal images have the same one, others never do. */
  add(image: Attached): string;
  /** Of a question that can be asked again. A label that is known keeps its image. */
  know(images: readonly HeldImage[]): void;
  /** The images whose labels are in the text, in their order. Those of `last` come before others of their name. */
  in(text: string, last?: readonly HeldImage[]): HeldImage[];
}

/** Images that are kept in memory: the latest ones, at most 80 MiB of them. */
const MOST_KEPT = 16;

const LABEL = /\[image [^[\]\n]{1,70}\]/g;

/** `found`: of an earlier session. `keep`: called with each image that is new. */
export function createImages({
  found = [],
  keep: onAdded = async () => {},
}: { found?: readonly HeldImage[]; keep?: (image: Attached) => Promise<void> } = {}): Images {
  const held = new Map(found.map((image) => [imageLabel(image.name), image]));
  /** The bytes of those that were added, the latest last. */
  const kept = new Map<string, Attached>();

  const keep = (label: string, image: Attached) => {
    kept.delete(label);
    kept.set(label, image);
    held.set(label, { name: image.name, read: async () => kept.get(label) });
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_KEPT) break;
      kept.delete(oldest);
    }
  };

  return {
    add(image) {
      // Where it is concerns nobody that the text is sent to.
      const own = image.name.split(/[\\/]/).at(-1) ?? "";
      for (let count = 1; ; count += 1) {
        const name = numbered(own, count);
        const label = imageLabel(name);
        const same = kept.get(label);
        const isFree = same === undefined ? !held.has(label) : isEqual(same, image);
        if (!isFree) continue;
        keep(label, { ...image, name });
        if (same === undefined) void onAdded({ ...image, name });
        return label;
      }
    },
    know(images) {
      for (const image of images) {
        const label = imageLabel(image.name);
        if (!held.has(label)) held.set(label, image);
      }
    },
    in(text, last = []) {
      const labels = new Set(text.match(LABEL));
      return [...labels].flatMap(
        (label) => last.find(({ name }) => imageLabel(name) === label) ?? held.get(label) ?? [],
      );
    },
  };
}

const isEqual = (one: Attached, other: Attached) =>
  one.type === other.type && Buffer.compare(one.bytes, other.bytes) === 0;

/** Longest beginning of a name with a number: a label is cut, and the number must stay in it. */
const MOST_STEM = 40;

/** `shot.png`, then `shot 2.png`. */
function numbered(name: string, count: number): string {
  if (count === 1) return name;
  const dot = name.lastIndexOf(".");
  const end = dot > 0 ? dot : name.length;
  return `${oneLine(name.slice(0, end), MOST_STEM)} ${count}${name.slice(end)}`;
}
