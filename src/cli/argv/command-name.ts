import { basename } from "node:path";

/**
 * The command that starts this program, for messages: `npx ai-chat-system` (run from npx's cache), `npx ai-chat` (in a
 * clone, or in a package that depends on it), or `ai-chat`. `script` is argv[1]; `program` is the path of one of the
 * program's files with symbolic links resolved, because npx links to a clone from its cache.
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
