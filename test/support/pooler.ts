import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/**
 * A simple connection pooler: every transaction gets the server connection that has been idle longest, and no session
 * state is kept, in particular no prepared statements. For a PostgreSQL with trust authentication.
 */
export interface Pooler {
  /** The same URL through this pooler. */
  through(url: string): string;
  close(): Promise<void>;
}

interface Backend {
  socket: Socket;
  read: (take: (type: string, message: Buffer) => void) => void;
}

const message = (type: string, body: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
};

/** Calls `take` with each complete message, including its type and length. */
function reader(socket: Socket): Backend["read"] {
  let rest = Buffer.alloc(0);
  let taker: (type: string, message: Buffer) => void = () => {};
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    while (rest.length >= 5 && rest.length >= rest.readInt32BE(1) + 1) {
      const end = rest.readInt32BE(1) + 1;
      const whole = rest.subarray(0, end);
      rest = rest.subarray(end);
      taker(String.fromCharCode(whole[0] ?? 0), whole);
    }
  });
  return (take) => (taker = take);
}

/** Opens a {@link Pooler} with `size` connections to the server at `url`. */
export async function openPooler(url: string, size: number): Promise<Pooler> {
  const { hostname, port, username, pathname, searchParams } = new URL(url);
  const startup = { user: username, database: pathname.slice(1), options: searchParams.get("options") ?? "" };
  const idle: Backend[] = [];
  const waiting: ((backend: Backend) => void)[] = [];
  const sockets = new Set<Socket>();
  const giveBack = (backend: Backend) => {
    const next = waiting.shift();
    if (next) next(backend);
    else idle.push(backend);
  };
  const take = () =>
    new Promise<Backend>((resolve) => {
      const backend = idle.shift();
      if (backend) resolve(backend);
      else waiting.push(resolve);
    });

  for (let index = 0; index < size; index += 1) {
    const socket = connect(Number(port), hostname);
    sockets.add(socket);
    await once(socket, "connect");
    const backend = { socket, read: reader(socket) };
    const ready = new Promise<void>((resolve) => backend.read((type) => type === "Z" && resolve()));
    const fields = Object.entries(startup).flatMap(([name, value]) => [name, value]);
    const body = Buffer.from(`\0\u0003\0\0${fields.join("\0")}\0\0`, "latin1");
    socket.write(message("", body));
    await ready;
    idle.push(backend);
  }

  function serveClient(client: Socket): void {
    sockets.add(client);
    client.on("error", () => {});
    let unit: Buffer[] = [];
    let open: Backend | undefined;
    let turn = Promise.resolve();

    /** One message or batch up to its Sync, on a backend that is kept only within a transaction. */
    async function relay(batch: Buffer): Promise<void> {
      const backend = open ?? (await take());
      open = backend;
      await new Promise<void>((resolve) => {
        backend.read((type, whole) => {
          client.write(whole);
          if (type !== "Z") return;
          if (whole[5] === "I".charCodeAt(0)) {
            open = undefined;
            giveBack(backend);
          }
          resolve();
        });
        backend.socket.write(batch);
      });
    }

    client.once("data", () => {
      const read = reader(client);
      read((type, whole) => {
        if (type === "X") return client.end();
        unit.push(whole);
        if (type !== "S" && type !== "Q") return;
        const batch = Buffer.concat(unit);
        unit = [];
        turn = turn.then(() => relay(batch));
      });
      const ok = Buffer.alloc(4);
      client.write(
        Buffer.concat([message("R", ok), message("K", Buffer.alloc(8)), message("Z", Buffer.from("I"))]),
      );
    });
  }

  const server = createServer(serveClient).listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = (server.address() as AddressInfo).port;
  return {
    through(other) {
      const by = new URL(other);
      by.host = `127.0.0.1:${own}`;
      by.search = "";
      return by.href;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
