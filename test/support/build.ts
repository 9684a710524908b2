import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Builds dist/ once before any test, so that tests which spawn the program run the current sources. */
export async function setup(): Promise<void> {
  if (process.env.AI_CHAT_TEST_NO_BUILD) return;
  await promisify(execFile)(process.execPath, ["scripts/build.js"]);
}
