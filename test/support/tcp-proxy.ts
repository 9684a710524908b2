import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What the proxy does with the next data that a client sends. */
export type Fate = "pass" | "cut before it arrives" | "cut before its answer";

/** A proxy to a TCP port of this machine that can cut connections at a chosen moment. */
export interface TcpProxy {
  readonly port: number;
  /** The same URL through this proxy. */
  through(url: string): string;
  next: Fate;
  /** `next` applies to the next data that contains this text. */
  nextWith: string;
  /** Called with all data from clients. */
  seen: (data: Buffer) => void;
  /** Called with all data from the port. */
  answered: (data: Buffer) => void;
  /** Open connections stay open but transfer no more data, as after a change of network. */
  deaden(): void;
  /** Number of connections so far. */
  readonly connections: number;
  /** Cuts all connections and forwards to another port, as in a failover; without a port new connections are cut. */
  lead(target: number | undefined): void;
  /** Number of connections that were cut because there was no target. */
  readonly turnedAway: number;
  close(): Promise<void>;
}

/** Opens a {@link TcpProxy}. */
export async function openTcpProxy(first: number): Promise<TcpProxy> {
  let target: number | undefined = first;
  let turnedAway = 0;
  let connections = 0;
  const dead = new WeakSet<Socket>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (target === undefined) {
      turnedAway += 1;
      client.on("error", () => {});
      return void client.destroy();
    }
    connections += 1;
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
      if (dead.has(client)) return;
      const fate = data.includes(proxy.nextWith) ? proxy.next : "pass";
      if (fate !== "pass") proxy.next = "pass";
      if (fate === "cut before it arrives") return cut();
      doomed ||= fate === "cut before its answer";
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      proxy.answered(data);
      if (dead.has(client)) return;
      if (doomed) cut();
      else client.write(data);
    });
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
    answered: () => {},
    deaden() {
      for (const socket of sockets) dead.add(socket);
    },
    get connections() {
      return connections;
    },
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
