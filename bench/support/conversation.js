import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * Saves a conversation with that many turns by the client's code; resolves to its ID.
 * @param {string} dir
 * @param {{ turns: number, server: string }} options
 * @returns {Promise<string>}
 */
export async function saveConversation(dir, { turns, server }) {
  const module = fileURLToPath(new URL("../../node_modules/.cache/bench/conversations.mjs", import.meta.url));
  await build({
    entryPoints: [fileURLToPath(new URL("../../src/client/conversations/conversations.ts", import.meta.url))],
    outfile: module,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
  });
  const { openConversations } = await import(pathToFileURL(module).href);
  const conversations = openConversations({ dir, now: Date.now });
  const id = conversations.start({ server, username: null });
  for (let i = 1; i <= turns; i++) {
    await conversations.append(id, {
      question: `Question ${i}: what is it?`,
      answer: `It is **answer ${i}**.\n\n${"Some more words of it. ".repeat(20)}`,
      tokensDeducted: 100,
      model: "bench",
    });
  }
  return id;
}
