import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { atEnd, newFolder } from "./endings.js";
import { OURS } from "./programs.js";

/** The block of docs/hosting.md#rolling-restart in this language. @param {string} language */
function linesOf(language) {
  const [, section = ""] = readFileSync(`${OURS}/docs/hosting.md`, "utf8").split("### Rolling restart\n");
  const [, block] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m").exec(section) ?? [];
  if (block === undefined) throw new Error(`docs/hosting.md has no lines for ${language}`);
  return block;
}

/** With the ports of the two servers. @param {string} lines @param {number[]} ports */
const withPorts = (lines, [one, two]) =>
  lines.replaceAll("127.0.0.1:8001", `127.0.0.1:${one}`).replaceAll("127.0.0.1:8002", `127.0.0.1:${two}`);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return address && typeof address === "object" ? address.port : 0;
}

/** @type {Record<string, (lines: string, port: number, folder: string) => string[]>} */
const commands = {
  nginx(lines, port, folder) {
    const plain = lines
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port};`)
      .replaceAll(/^ *(ssl_|server_name).*\n/gm, "");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    );
    const file = join(folder, "nginx.conf");
    writeFileSync(
      file,
      `daemon off; worker_processes 2; pid ${folder}/pid; error_log stderr;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 4096; }
http { access_log off; ${temporary.join(" ")}
${plain}}\n`,
    );
    return ["-c", file, "-p", folder, "-e", "stderr"];
  },
  caddy(lines, port, folder) {
    const file = join(folder, "Caddyfile");
    const plain = lines.replace(/^chat\.example\.org/m, `http://127.0.0.1:${port}`);
    writeFileSync(file, `{\n\tadmin off\n}\n${plain}`);
    return ["run", "--config", file, "--adapter", "caddyfile"];
  },
};

/**
 * Starts nginx or Caddy with the lines of docs/hosting.md#rolling-restart, without TLS. It ends with this process.
 * @param {string} name
 * @param {string} program its path
 * @param {number[]} ports of the two servers
 * @returns {Promise<string>} its address
 */
export async function startProxy(name, program, ports) {
  const folder = newFolder();
  const port = await freePort();
  const args = commands[name]?.(withPorts(linesOf(name), ports), port, folder) ?? [];
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  atEnd(() => child.kill("SIGTERM"));
  let said = "";
  child.stderr.on("data", (chunk) => (said = (said + chunk).slice(-4000)));
  const failed = once(child, "exit").then(([code]) => {
    throw new Error(`${name} ended with ${code}: ${said}`);
  });
  const url = `http://127.0.0.1:${port}`;
  const up = async () => {
    while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok)
      await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await Promise.race([failed, up()]);
  failed.catch(() => {});
  return url;
}
