import { resolve } from "node:path";
import { errorCode } from "../../disk/errors.ts";
import { readRegularSync } from "../../disk/regular-file.ts";

/** A text that is kept outside of the settings; or why there is none: `wanted` completes "NAME must be …". */
export type Elsewhere = { text: string; where: "variable" | "file" } | { wanted: string };

/** The value of a variable. Neither its name nor its value is quoted: a secret may be there by mistake. */
export function fromVariable(name: unknown, env: Record<string, string | undefined>): Elsewhere {
  const text = typeof name === "string" && Object.hasOwn(env, name) ? env[name] : undefined;
  if (text === undefined || text === "") return { wanted: "the name of a variable that is set" };
  return { text, where: "variable" };
}

/** The content of a file without its last line end. `path` counts from `folder`, and is not quoted. */
export function fromFile(path: unknown, folder: string): Elsewhere {
  if (typeof path !== "string" || path === "") return { wanted: "the path of a file" };
  try {
    const bytes = readRegularSync(resolve(folder, path));
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
    return text === "" ? { wanted: "a file with some text" } : { text, where: "file" };
  } catch (error) {
    return { wanted: `a file of text that can be read (${errorCode(error) ?? "unknown error"})` };
  }
}

/** Parses such a text. Throws an Error whose message completes "NAME must be …". */
export function parseElsewhere<T>(found: Elsewhere, parse: (text: string) => T): T {
  if ("wanted" in found) throw new Error(found.wanted);
  try {
    return parse(found.text);
  } catch (error) {
    const content = found.where === "file" ? "a file whose content is" : "a variable whose value is";
    throw new Error(`${content} ${(error as Error).message}`, { cause: error });
  }
}
