import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { createChannel } from "./channel.ts";
import { errorCode } from "./files.ts";
import type { Lock } from "./lock.ts";

/** Windows: a named pipe, which ends with its process, and of which there is one. `inUse` makes the refusal. */
export async function holdPipe(dir: string, inUse: (dir: string) => Error): Promise<Lock> {
  const channel = createChannel();
  const server = createServer(channel.accept);
  const path = await pipeOf(dir);
  await new Promise<void>((resolve, reject) => {
    server.on("error", (error) => reject(errorCode(error) === "EADDRINUSE" ? inUse(dir) : error));
    server.listen({ path }, resolve);
  });
  server.unref();
  return {
    serve: channel.serve,
    release: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await channel.close();
      await closed;
    },
  };
}

/** A connection to the folder's pipe that is being made. */
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
