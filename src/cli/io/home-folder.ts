import { homedir } from "node:os";

/** The user's home folder; undefined without HOME and without an entry of the user in the system's list, as in a container. */
export function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
