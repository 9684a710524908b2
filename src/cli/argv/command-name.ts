import { basename } from "node:path";

/**
 * How this program is called here, so that a command in a message can be typed as it stands: `npx ai-chat-system`
 * (out of npx's cache), `npx ai-chat` (inside the clone, or a package that depends on it), or `ai-chat`.
 * `script` is argv[1]; `program` a file of ours with its links followed: npx reaches a clone by a link in its cache.
 */
export function commandName(
  script: string,
  program: string,
  env: Record<string, string | undefined>,
): string {
  const path = program.replaceAll("\\", "/");
  const underNpx = env.npm_lifecycle_event === "npx" || env.npm_command === "exec";
  if (underNpx) return path.includes("/_npx/") ? "npx ai-chat-system" : "npx ai-chat";
  const installed = basename(script) === "ai-chat" || path.includes("/node_modules/");
  return installed ? "ai-chat" : "npx ai-chat";
}
