import { once } from "node:events";
import { createServer } from "node:net";

/** Below the ephemeral ports of Linux, macOS and Windows, which are for port 0 and the local ends of connections. */
const [FIRST, COUNT] = [20_000, 10_000];

/**
 * A free port of 127.0.0.1 for a program that cannot use port 0, or that must listen on the same port again. It is not
 * an ephemeral port, so that it is still free when the program listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
