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
  /** Sees whatever the port answers, as it comes. */
  answered: (data: Buffer) => void;
  /** The connections that are open carry nothing any more and stay open, as after a change of network. */
  deaden(): void;
  /** How many were made so far. */
  readonly connections: number;
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
