import { cp, mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { program, type Home } from "./run-program.ts";

/** Copies the program into the home. Returns the copy's folder of built files, and the path that starts it. */
export async function copyProgram(home: Home): Promise<{ dist: string; copy: string }> {
  const [folder, copied] = [dirname(dirname(program)), join(home.dir, "copy")];
  await mkdir(copied);
  await cp(join(folder, "package.json"), join(copied, "package.json"));
  await cp(dirname(program), join(copied, "bin"), { recursive: true });
  const dist = join(copied, "dist");
  await cp(join(folder, "dist"), dist, { recursive: true, filter: (path) => !path.endsWith(".map") });
  return { dist, copy: join(copied, "bin", "ai-chat.js") };
}

/** Removes the built files whose name matches. */
export async function removeBuilt(dist: string, name: RegExp): Promise<void> {
  for (const file of await readdir(dist)) if (name.test(file)) await rm(join(dist, file));
}
