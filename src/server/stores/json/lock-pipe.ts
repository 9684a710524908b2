import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { errorCode } from "../../../disk/errors.ts";

/**
 * Windows: a server on the folder's named pipe, of which there is one, and which ends with its process. Undefined if another
 * process has it. The server keeps no process alive.
 */
export async function listenOnPipe(
  dir: string,
  accept: (socket: Socket) => void,
): Promise<Server | undefined> {
  const path = await pipeOf(dir);
  const server = createServer(accept);
  return new Promise((resolve, reject) => {
    server.on("error", (error) => (errorCode(error) === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen({ path }, () => resolve(server.unref()));
  });
}

/** Starts to connect to the folder's pipe. */
export async function connectToPipe(dir: string): Promise<Socket> {
  return connect({ path: await pipeOf(dir) });
}

/** Whether a process holds the folder's pipe. */
export async function pipeAnswers(dir: string): Promise<boolean> {
  const path = await pipeOf(dir).catch(() => undefined);
  if (path === undefined) return false;
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", (error) => resolve(errorCode(error) === "EBUSY"));
  });
}

async function pipeOf(dir: string): Promise<string> {
  const real = (await realpath(dir)).toLowerCase();
  return `\\\\.\\pipe\\ai-chat-${createHash("sha256").update(real).digest("hex")}`;
}
