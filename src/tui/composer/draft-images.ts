import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { openImageFolder } from "../../client/conversations/image-folder.ts";
import type { Attached, SavedImage } from "../../client/conversations/images.ts";

/** An image of an earlier session. `read`: undefined if it is gone. */
export interface DraftImage {
  name: string;
  read(): Promise<Attached | undefined>;
}

/** The images of what is unsent, in a folder beside the draft. */
export interface DraftImages {
  /** Those of the session that left the draft. */
  readonly found: readonly DraftImage[];
  /** Resolves to all that are kept, this one included. Never rejects: the draft then lacks it. */
  keep(image: Attached): Promise<readonly SavedImage[]>;
  /** Never throws. */
  remove(): void;
}

const NAME = /^draft-(\d+)\.images$/;

/** `from`: the process that left the draft and those images. Its folder becomes the one of this process. */
export function openDraftImages(
  dir: string,
  pid: number,
  from?: { pid: number; images: readonly SavedImage[] },
): DraftImages {
  const path = join(dir, `draft-${pid}.images`);
  const folder = openImageFolder(path);
  let kept = from?.images ?? [];
  if (from !== undefined && from.pid !== pid && kept.length > 0)
    take(join(dir, `draft-${from.pid}.images`), path);
  return {
    found: kept.map((image) => ({ name: image.name, read: () => folder.read(image) })),
    async keep(image) {
      const saved = await folder.save([image]).catch(() => []);
      return (kept = [...kept, ...saved]);
    },
    remove() {
      if (kept.length === 0) return;
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // The next session deletes them.
      }
    },
  };
}

function take(from: string, to: string): void {
  try {
    rmSync(to, { recursive: true, force: true });
    renameSync(from, to);
  } catch {
    // Its images are gone: the session says so when one of them is to be sent.
  }
}

/** Deletes the images of sessions that left no draft; `isLeft`: whether that process is gone, and no draft of it is there. */
export function removeLeftImages(
  dir: string,
  names: readonly string[],
  isLeft: (pid: number) => boolean,
): void {
  for (const name of names) {
    const pid = Number(NAME.exec(name)?.[1] ?? "0");
    if (pid !== 0 && isLeft(pid)) rmSync(join(dir, name), { recursive: true, force: true });
  }
}
