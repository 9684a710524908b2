import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";

/** A loopback port that refuses connections. */
export interface RefusingPort {
  readonly port: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens a {@link RefusingPort}. A port that was closed is free, and the server of another test could get it; this port
 * is in use as the local end of an open connection, so that nothing can listen on it.
 */
export async function openRefusingPort(): Promise<RefusingPort> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const met = once(server, "connection");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await Promise.all([met, once(socket, "connect")]);
  const port = socket.localPort ?? 0;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async close() {
      socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
