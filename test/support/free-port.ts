import { once } from "node:events";
import { createServer } from "node:net";

/** Below what Linux, macOS and Windows give to those who ask for any port, and to the near ends of connections. */
const [FIRST, COUNT] = [20_000, 10_000];

/**
 * A free port of 127.0.0.1 for a program that can't be told to take any, or that comes back to the port it had: none that
 * the system gives away by itself, so that it is still free when that program listens.
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
