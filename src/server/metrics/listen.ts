import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { listenError, placeWords, type Place } from "../core/listen-error.ts";

/** Milliseconds for a whole request, and for the client to take its reply. */
const PATIENCE = 5_000;

/** A scraper needs one. */
const CONNECTIONS = 16;

const PATH = "/metrics";

interface Needs extends Place {
  /** The text of the metrics and its media type. */
  read: () => Promise<string>;
  type: string;
  /** Gets what a read failed with. */
  failed: (error: unknown) => void;
}

/** Words of the option that asks for another place. */
const option = (place: Place) => `--metrics ${placeWords(place)}`;

/**
 * Serves `GET /metrics` and nothing else. Each reply is the last on its connection, so that idle ones take no place. Rejects
 * with a StartupError if the operator can correct the fault.
 */
export async function listen({ host, port, read, type, failed }: Needs) {
  const reply = (
    res: ServerResponse,
    status: number,
    text: string,
    content = "text/plain; charset=utf-8",
  ) => {
    res.writeHead(status, {
      "Content-Type": content,
      "Content-Length": Buffer.byteLength(text),
      Connection: "close",
    });
    res.end(text);
  };
  const times = { headersTimeout: PATIENCE, requestTimeout: PATIENCE, connectionsCheckingInterval: 1_000 };
  const server = createServer(times, (req, res) => {
    res.on("error", () => {});
    if (req.method !== "GET" || req.url?.split("?")[0] !== PATH)
      return reply(res, 404, `There is nothing here but GET ${PATH}.\n`);
    read().then(
      (text) => reply(res, 200, text, type),
      (error: unknown) => {
        failed(error);
        reply(res, 500, "The metrics could not be read.\n");
      },
    );
  });
  server.maxConnections = CONNECTIONS;
  server.setTimeout(PATIENCE);
  await new Promise<void>((resolve, reject) => {
    // Stays for good: a later error is a failed accept(2), which must not end the process.
    server.on("error", (error) => reject(listenError(error, { host, port }, option)));
    server.listen({ host, port }, resolve);
  });
  return {
    url: `http://${placeWords({ host, port: (server.address() as AddressInfo).port })}${PATH}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
