import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Agent } from "undici";
import { bundled } from "./bundled.js";
import { atEnd, newFolder } from "./endings.js";
import { OURS } from "./programs.js";

/** The name in the files of ops/. */
export const HOST = "chat.example.org";

/**
 * @typedef {object} Proxy
 * @property {string} url https, by {@link HOST}, which only `dispatcher` finds
 * @property {number} port of TLS
 * @property {number} plainPort of http
 * @property {string} ca the authority of its certificate, PEM
 * @property {(options?: Agent.Options) => Agent} dispatcher
 * @property {() => string} printed its newest 4,000 characters
 */

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return address && typeof address === "object" ? address.port : 0;
}

/** @param {string} text @param {[find: string, by: string][]} changes each must find something */
function changed(text, changes) {
  return changes.reduce((now, [find, by]) => {
    if (!now.includes(find)) throw new Error(`the file has no ${find}`);
    return now.replaceAll(find, by);
  }, text);
}

/** @typedef {{ tls: number, plain: number, folder: string, cert: string, key: string }} Here */
/** What of a file of ops/ is this machine's: ports, certificate, folders. @type {Record<string, { change: (here: Here) => [string, string][], around: (file: string, here: Here) => string, args: (path: string, folder: string) => string[] }>} */
const programs = {
  nginx: {
    change: ({ tls, plain, cert, key }) => [
      ["    listen [::]:80;\n", ""],
      ["    listen [::]:443 ssl http2;\n", ""],
      ["listen 80;", `listen 127.0.0.1:${plain};`],
      ["listen 443 ssl", `listen 127.0.0.1:${tls} ssl`],
      [`/etc/letsencrypt/live/${HOST}/fullchain.pem`, cert],
      [`/etc/letsencrypt/live/${HOST}/privkey.pem`, key],
    ],
    // gzip is on in Debian's nginx.conf.
    around: (file, { folder }) => `daemon off; worker_processes 2; pid ${folder}/pid; error_log stderr warn;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 4096; }
http {
access_log off; gzip on; gzip_types application/json text/event-stream;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join(" ")}
${file}}\n`,
    args: (path, folder) => ["-c", path, "-p", folder, "-e", "stderr"],
  },
  caddy: {
    change: ({ cert, key }) => [[`\n${HOST} {\n`, `\n${HOST} {\n\ttls ${cert} ${key}\n`]],
    around: (file, { tls, plain }) =>
      `{\n\tadmin off\n\tdefault_bind 127.0.0.1\n\thttp_port ${plain}\n\thttps_port ${tls}\n}\n${file}`,
    args: (path) => ["run", "--config", path, "--adapter", "caddyfile"],
  },
};

/**
 * Starts nginx or Caddy with a file of ops/, in which only ports, certificate and folders are changed. It ends with this
 * process.
 * @param {"nginx" | "caddy"} name
 * @param {{ program?: string, file: string, ports: Record<number, number> }} options `program`: its path; `ports`: those of
 *   the servers, by those in the file
 * @returns {Promise<Proxy>}
 */
export async function startProxy(name, { program = name, file, ports }) {
  const folder = newFolder();
  const { createAuthority } = await bundled("certificate");
  const authority = createAuthority();
  const issued = authority.issue(HOST);
  const [tls, plain] = [await freePort(), await freePort()];
  const here = { tls, plain, folder, cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  writeFileSync(here.cert, issued.cert);
  writeFileSync(here.key, issued.key, { mode: 0o600 });

  const { change, around, args } = programs[name] ?? {};
  if (!change || !around || !args) throw new Error("nginx or caddy?");
  const servers = Object.entries(ports).map(
    ([from, to]) => /** @type {[string, string]} */ ([`127.0.0.1:${from}`, `127.0.0.1:${to}`]),
  );
  const text = changed(readFileSync(`${OURS}/ops/${file}`, "utf8"), [...change(here), ...servers]);
  const path = join(folder, "config");
  writeFileSync(path, around(text, here));

  const child = spawn(program, args(path, folder), {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  atEnd(() => child.kill("SIGTERM"));
  let printed = "";
  child.stderr.on("data", (chunk) => (printed = (printed + chunk).slice(-4000)));
  const failed = Promise.race([once(child, "exit"), once(child, "error")]).then(([why]) => {
    throw new Error(`${name} ended with ${why}: ${printed}`);
  });
  failed.catch(() => {});
  const dispatcher = (/** @type {Agent.Options} */ options = {}) =>
    new Agent({
      ...options,
      connect: {
        ca: authority.cert,
        lookup: (_name, { all }, found) =>
          all ? found(null, [{ address: "127.0.0.1", family: 4 }]) : found(null, "127.0.0.1", 4),
      },
    });
  const url = `https://${HOST}:${tls}`;
  const asking = dispatcher();
  const up = async () => {
    for (;;) {
      const reply = await asking
        .request({ origin: url, path: "/healthz", method: "GET" })
        .catch(() => undefined);
      await reply?.body.dump();
      if (reply?.statusCode === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.race([failed, up()]);
  return { url, port: tls, plainPort: plain, ca: authority.cert, dispatcher, printed: () => printed };
}
