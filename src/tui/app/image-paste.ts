import type { ClipboardImage } from "../options.ts";

interface ImagePasteOptions {
  /** By default, nothing can read it. */
  read: (() => Promise<ClipboardImage>) | undefined;
  taken: (found: ClipboardImage) => void;
  crash: (error: unknown) => void;
}

/** Reads the image of the clipboard, once at a time. */
export function createImagePaste({ read, taken, crash }: ImagePasteOptions) {
  let isReading = false;
  return {
    get isReading() {
      return isReading;
    },
    start() {
      if (isReading) return;
      isReading = true;
      const reading = read?.() ?? Promise.resolve({ kind: "noTool" as const });
      reading
        .finally(() => (isReading = false))
        .then(taken)
        .catch(crash);
    },
  };
}

export const noImageWords: Record<Exclude<ClipboardImage["kind"], "image">, string> = {
  none: "The clipboard holds no image.",
  tooLarge: "The image on the clipboard has more than 5 MiB.",
  noTool: "No tool here reads an image from the clipboard: it takes wl-paste or xclip, and no ssh.",
};
