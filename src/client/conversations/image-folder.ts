// Node loads the part for promises, 1.5 ms, when it is first used.
import { constants, promises } from "node:fs";
import { join } from "node:path";
import { isMissing } from "../../disk/errors.ts";
import { makeFolder } from "../../disk/make-folder.ts";
import { openRegular } from "../../disk/regular-file.ts";
import { imageType } from "../../protocol/images.ts";
import { IMAGES } from "../../protocol/limits.ts";
import { imageFile, type Attached, type SavedImage } from "./images.ts";

/** The images of one conversation, in a folder beside its file. */
export interface ImageFolder {
  /** Writes images (0600; the folder 0700). Rejects with the system's error. */
  save(images: readonly Attached[]): Promise<SavedImage[]>;
  /** An image as it was saved; undefined if its file is missing, cannot be read, or is another one by now. */
  read(image: SavedImage): Promise<Attached | undefined>;
  /** Links these images into the folder of another conversation, or copies them; one that is missing is left out. */
  share(images: readonly SavedImage[], to: ImageFolder): Promise<void>;
  /** Deletes them all. Rejects with the system's error. */
  remove(): Promise<void>;
  readonly path: string;
}

export function openImageFolder(path: string): ImageFolder {
  const write = async (image: Attached): Promise<SavedImage> => {
    const file = imageFile(image);
    const temporary = join(path, `${file}.${process.pid}.new`);
    await promises.writeFile(temporary, image.bytes, { mode: 0o600 });
    // Only whole files have the name, so one that exists already is this image.
    await promises.rename(temporary, join(path, file));
    return { name: image.name, media_type: image.type, file };
  };

  return {
    path,
    async save(images) {
      await makeFolder(path);
      const saved: SavedImage[] = [];
      for (const image of images) saved.push(await write(image));
      return saved;
    },
    async read({ name, media_type: type, file }) {
      try {
        const handle = await openRegular(join(path, file), constants.O_RDONLY);
        try {
          if ((await handle.stat()).size > IMAGES.bytes) return undefined;
          const bytes = await handle.readFile();
          return imageType(bytes) === type ? { name, type, bytes } : undefined;
        } finally {
          await handle.close();
        }
      } catch {
        return undefined;
      }
    },
    async share(images, to) {
      if (images.length === 0) return;
      await makeFolder(to.path);
      for (const file of new Set(images.map((image) => image.file))) {
        const [from, there] = [join(path, file), join(to.path, file)];
        await promises
          .link(from, there)
          // Not every file system has links.
          .catch((error: unknown) => (isMissing(error) ? undefined : promises.copyFile(from, there)));
      }
    },
    remove: () => promises.rm(path, { recursive: true, force: true }),
  };
}
