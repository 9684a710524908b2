import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { join, relative } from "node:path";
import { errorCode } from "./files.ts";

/** Bytes that the path of a socket may have: 108 on Linux, 104 on macOS, with the zero at its end. */
const PATH_BYTES = 103;

/** A server that listens on a socket `name` in the folder. It keeps no process alive. */
export async function listenAt(dir: string, name: string): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).destroy());
  const listening = once(server, "listening");
  // Node binds and listens on a path inside the call, which is what makes a short change of folder possible.
  withPath(dir, name, (path) => server.listen({ path, backlog: 64 }));
  await listening;
  server.on("error", () => {});
  return server.unref();
}

/** Whether somebody listens on the socket `name`; `gone`: there is no such file. Throws for what it cannot tell. */
export function answers(dir: string, name: string): Promise<"yes" | "no" | "gone"> {
  return new Promise((resolve, reject) => {
    const socket = withPath(dir, name, (path) => connect({ path }));
    socket.on("connect", () => {
      socket.destroy();
      resolve("yes");
    });
    socket.on("error", (error) => {
      const known = outcomes.get(errorCode(error) ?? "");
      if (known) resolve(known);
      else reject(error);
    });
  });
}

const outcomes = new Map<string, "yes" | "no" | "gone">([
  ["ECONNREFUSED", "no"],
  // A file that is no socket: what a copy of the folder may have made of one.
  ["ENOTSOCK", "no"],
  ["ENOENT", "gone"],
  // Its queue of connections is full: it lives, and is busy. It hung up on us at once: it lives.
  ["EAGAIN", "yes"],
  ["ECONNRESET", "yes"],
  ["EPIPE", "yes"],
]);

/** Calls with a path to the socket that is short enough for an address, changing into the folder if need be. */
function withPath<T>(dir: string, name: string, use: (path: string) => T): T {
  const absolute = join(dir, name);
  const short = [absolute, relative(process.cwd(), absolute)].find(
    (path) => Buffer.byteLength(path) <= PATH_BYTES,
  );
  if (short !== undefined) return use(short);
  const home = process.cwd();
  process.chdir(dir);
  try {
    return use(name);
  } finally {
    process.chdir(home);
  }
}
