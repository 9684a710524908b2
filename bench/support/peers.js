import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { newFolder } from "./endings.js";
import { start } from "./programs.js";

const PORTKEY = "@portkey-ai/gateway";

/** Installs other servers that pass on questions. Portkey's gateway keeps no accounts and writes nothing. */
export async function installPeers() {
  const root = newFolder();
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", root, PORTKEY], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const folder = join(root, "node_modules", PORTKEY);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return {
    portkeyName: `${PORTKEY} ${version}`,
    /** @param {string} upstream @returns {Promise<import("../question.js").Contender>} */
    async startPortkey(upstream) {
      const port = await freePort();
      const program = await start([join(folder, "build/start-server.js"), `--port=${port}`, "--headless"], {
        env: { NODE_ENV: "production" },
      });
      const head = {
        authorization: "Bearer bench",
        "x-portkey-provider": "openai",
        "x-portkey-custom-host": `${upstream}/v1`,
      };
      const body = (/** @type {boolean} */ stream) =>
        JSON.stringify({ model: "bench", stream, messages: [{ role: "user", content: "What is it?" }] });
      return { program, url: program.url, path: "/v1/chat/completions", heads: [head], body };
    },
  };
}

/** A port that is free now: this program takes none by itself. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  server.close();
  await once(server, "close");
  return port;
}
