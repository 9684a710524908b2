import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What becomes of the next thing that a client sends. */
export type Fate = "pass" | "cut before it arrives" | "cut before its answer";

/** A wire to a TCP port of this machine that can be cut at a chosen moment. */
export interface TcpProxy {
  readonly port: number;
  /** The same URL by way of this wire. */
  through(url: string): string;
  next: Fate;
  /** The fate waits for something that contains this. */
  nextWith: string;
  /** Sees whatever a client sends, as it comes. */
  seen: (data: Buffer) => void;
  /** Cuts everything and leads to another port from now on, as a failover does; to nobody where none is given. */
  lead(target: number | undefined): void;
  /** How many came while it led to nobody. */
  readonly turnedAway: number;
  close(): Promise<void>;
}

/** Opens a {@link TcpProxy}. */
export async function openTcpProxy(first: number): Promise<TcpProxy> {
  let target: number | undefined = first;
  let turnedAway = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (target === undefined) {
      turnedAway += 1;
      client.on("error", () => {});
      return void client.destroy();
    }
    const upstream = connect(target, "127.0.0.1");
    let doomed = false;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", cut).on("close", cut);
    }
    client.on("data", (data) => {
      proxy.seen(data);
      const fate = data.includes(proxy.nextWith) ? proxy.next : "pass";
      if (fate !== "pass") proxy.next = "pass";
      if (fate === "cut before it arrives") return cut();
      doomed ||= fate === "cut before its answer";
      upstream.write(data);
    });
    upstream.on("data", (data) => (doomed ? cut() : client.write(data)));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const proxy: TcpProxy = {
    port,
    through(url) {
      const other = new URL(url);
      other.host = `127.0.0.1:${port}`;
      return other.href;
    },
    next: "pass",
    nextWith: "",
    seen: () => {},
    get turnedAway() {
      return turnedAway;
    },
    lead(to) {
      target = to;
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
