import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join, relative } from "node:path";
import { errorCode } from "./files.ts";

/** Bytes that the path of a socket may have: 108 on Linux, 104 on macOS, with the zero at its end. */
const PATH_BYTES = 103;

/**
 * A server that listens on a socket `name` in the folder, to which this user alone can connect: at no moment another,
 * whatever the umask and the folder's mode. It keeps no process alive.
 */
export async function listenAt(dir: string, name: string, accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer(accept);
  const listening = once(server, "listening");
  const before = process.umask(0o177);
  try {
    // Node binds and listens inside the call, which is what makes a short change of folder and umask possible.
    withPath(dir, name, (path) => server.listen({ path, backlog: 64 }));
  } finally {
    process.umask(before);
  }
  await listening;
  server.on("error", () => {});
  return server.unref();
}

/** A connection to the socket `name` that is being made. */
export function connectTo(dir: string, name: string): Socket {
  return withPath(dir, name, (path) => connect({ path }));
}

/** Whether somebody listens on the socket `name`; `gone`: there is no such file. Throws for what it cannot tell. */
export function answers(dir: string, name: string): Promise<"yes" | "no" | "gone"> {
  return new Promise((resolve, reject) => {
    const socket = connectTo(dir, name);
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
