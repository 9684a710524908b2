import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** How often the text of an edit stands in its file; 0 where there is no such file. */
export async function placesOf(
  /** @type {string} */ root,
  /** @type {{ file: string, find: string }} */ { file, find },
) {
  const source = await readFile(join(root, file), "utf8").catch(() => "");
  return source.split(find).length - 1;
}
