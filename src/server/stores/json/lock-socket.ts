import { once } from "node:events";
import { constants, existsSync } from "node:fs";
import { chmod, lchown, open } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { basename, join, relative } from "node:path";
import { errorCode } from "../../../disk/errors.ts";
import { FILE_MODE } from "./files.ts";
import { me, type Owner } from "./owner.ts";

/** Longest path of a socket, in bytes: 104 on macOS and 108 on Linux, with the zero at the end. */
const PATH_BYTES = 103;

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/**
 * A server that listens on a socket in `folder`, which has the folder's name. Only this process's user, or `owner`, can
 * connect to it: nobody else can enter the folder (0700), and when the socket leaves it by a link, it has mode 0600. The
 * server keeps no process alive. Rejects with ENOENT if the folder is removed meanwhile.
 */
export async function listenIn(
  folder: string,
  owner: Owner | undefined,
  accept: (socket: Socket) => void,
): Promise<Server> {
  // The umask may have taken the owner's own rights.
  if (me() !== 0) await chmod(folder, 0o700);
  const handle = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const server = createServer(accept);
  try {
    // The owner of the folder above can also put a folder of its own there, and replace the socket in it by a link.
    if (me() === 0 && (await handle.stat()).uid !== process.getuid?.())
      throw new Error(`${folder} belongs to another user`);
    // Through the handle: chmod follows links, and the owner of the folder above can rename this one and put a link in its place.
    const byHandle = `/proc/self/fd/${handle.fd}`;
    const place = existsSync(byHandle) ? byHandle : folder;
    const listening = once(server, "listening");
    withPath(place, basename(folder), (path) => server.listen({ path, backlog: 64 }));
    await listening;
    server.on("error", () => {});
    const socket = join(place, basename(folder));
    if (owner) await lchown(socket, owner.uid, owner.gid);
    await chmod(socket, FILE_MODE);
    if (owner) await handle.chown(owner.uid, owner.gid);
    return server.unref();
  } catch (error) {
    server.close();
    // libuv reports a folder that was removed meanwhile as EACCES.
    if (errorCode(error) === "EACCES" && !existsSync(folder))
      throw Object.assign(error as Error, { code: "ENOENT" });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Starts to connect to the socket `name`. */
export function connectTo(dir: string, name: string): Socket {
  return withPath(dir, name, (path) => connect({ path }));
}

/** Whether a process listens on the socket `name`; `gone`: there is no such file. Throws other errors. */
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
  // The process is alive: its queue of connections is full, or it closed this connection.
  ["EAGAIN", "yes"],
  ["ECONNRESET", "yes"],
  ["EPIPE", "yes"],
]);

/** Calls `use` with a path that fits into a socket's address. For a longer one it changes into the folder: Node cuts it. */
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
