/** `ENOSPC` and the like, or undefined for what is no error of the system or of Node. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** Whether the file or its folder isn't there. */
export const isMissing = (error: unknown): error is Error => errorCode(error) === "ENOENT";

const troubles = new Map([
  ["EACCES", "permission denied. Fix its permissions."],
  ["EPERM", "permission denied. Fix its permissions."],
  ["ENOSPC", "the disk is full. Free some space."],
  ["EDQUOT", "the disk is full. Free some space."],
  ["ENOTDIR", "a file is in the way of its folder. Move that file away."],
  ["EEXIST", "a file is in the way. Move that file away."],
  ["EISDIR", "a folder is in its place. Move that folder away."],
  ["NOT_REGULAR", "it isn't a regular file. Move it away."],
  ["ELOCKED", "another process holds its lock. Try again."],
]);

/** What keeps a file from being read or written and what to do. `variable` can name another folder for it. */
export function fileTrouble(error: unknown, variable: string): string {
  const code = errorCode(error) ?? "unknown error";
  if (code === "EROFS") return `the disk is read-only. Set ${variable} to a folder that can be written.`;
  return troubles.get(code) ?? `${code}. Check the file, its permissions and its disk.`;
}
