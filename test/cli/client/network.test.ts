import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ServerResponse } from "node:http";
import { ProxyAgent } from "undici";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { createApiClient, type ApiClientOptions } from "../../../src/client/http/api-client.ts";
import { ClientError } from "../../../src/client/failure.ts";
import type { ApiClient } from "../../../src/client/http/contract.ts";
import type { KeptOffer } from "../../../src/client/http/offer.ts";
import { openSmallServer, type Seen } from "../../support/others-server.ts";
import { openRefusingPort } from "../../support/refusing-port.ts";
import { knowNoNames } from "../../support/unknown-names.ts";

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((thing) => thing.close()));
});

function clientOf(server: string, options: Partial<ApiClientOptions> = {}) {
  const client = createApiClient({ server, token: "secret-token", ...options });
  open.push(client);
  return client;
}

async function serve(handler: (request: Seen, response: ServerResponse) => void | Promise<void>) {
  const server = await openSmallServer(handler);
  open.push(server);
  return server;
}

async function refusing() {
  const port = await openRefusingPort();
  open.push(port);
  return port;
}

const jane = { username: "jane", password: "strongpassword" };
const history = [{ role: "user" as const, content: "before" }];

const ask = async (client: ApiClient, earlier: typeof history = []) => {
  for await (const event of client.ask({ message: "hi", history: earlier, key: "k1" }))
    if (event.type === "done") return event.response;
  return undefined;
};

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
) =>
  void response
    .writeHead(status, { "content-type": "application/json", ...headers })
    .end(JSON.stringify(body));

describe("a server that can't be reached", () => {
  it("is told in plain words with its name, and nothing was charged", async () => {
    const nobody = await refusing();
    const error = await failure(ask(clientOf(nobody.url)));
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.message).toBe(`${nobody.url} refused the connection.`);
    expect(error.remedy).toEqual({ kind: "start_server" });
  });

  it("is told when its name doesn't exist", async () => {
    onTestFinished(knowNoNames());
    const error = await failure(clientOf("http://nowhere.invalid").balance());
    expect(error).toMatchObject({ code: "unreachable" });
    expect(error.message).toContain("nowhere.invalid");
  });

  it("is told when it doesn't speak TLS", async () => {
    const server = await serve(() => {});
    const error = await failure(clientOf(server.url.replace("http:", "https:")).balance());
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.remedy).toEqual({ kind: "check_scheme" });
  });

  it("is told when it does not speak HTTP", async () => {
    const server = createServer((socket) => socket.end("220 mail.example.org ESMTP\r\n")).listen(
      0,
      "127.0.0.1",
    );
    await once(server, "listening");
    open.push({ close: async () => void server.close() });
    const error = await failure(
      clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).balance(),
    );
    expect(error.code).toBe("bad_reply");
  });

  it("is no chat server, and offers nothing", async () => {
    const client = clientOf((await refusing()).url);
    expect(await client.isChatServer()).toBe(false);
    expect(await client.offer()).toEqual({ extensions: new Set(), price: null, model: null });
  });

  it("keeps nothing of a connection that has ended, however many there were", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning);
    process.on("warning", onWarning);
    const server = await serve((_request, response) =>
      json(response, 200, { tokens: 4000 }, { connection: "close" }),
    );
    const client = clientOf(server.url);
    for (let left = 15; left > 0; left -= 1) await client.balance();
    // A warning is emitted in the next tick.
    await new Promise((resolve) => setImmediate(resolve));
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });

  it("may have charged a question whose connection broke", async () => {
    const server = await serve((_, response) => void response.destroy());
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({ code: "unreachable", charged: "maybe" });
    expect(await failure(clientOf(server.url).balance())).toMatchObject({
      code: "unreachable",
      charged: "no",
    });
  });
});

describe("interim replies", () => {
  const interim = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n";

  /** Sends interim heads, `count` of them, then the answer; without a count for ever. */
  async function hinting(count: number) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        let left = count;
        const timer = setInterval(() => {
          left -= 1;
          if (left >= 0) return void socket.write(interim);
          clearInterval(timer);
          socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{"response":"Hello","tokens":7}');
        }, 10);
        socket.once("close", () => clearInterval(timer));
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    open.push({ close: async () => void server.close() });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("that never become an answer end as a time-out, and a question may have been charged", async () => {
    const client = clientOf(await hinting(Number.POSITIVE_INFINITY), { silence: 0.2 });
    expect(await failure(ask(client))).toMatchObject({ code: "timeout", charged: "maybe" });
    expect(await failure(client.balance())).toMatchObject({ code: "timeout", charged: "no" });
  });

  it("before an answer are passed over", async () => {
    expect(await ask(clientOf(await hinting(3)))).toBe("Hello");
  });

  it("leave an interruption what it is", async () => {
    const client = clientOf(await hinting(Number.POSITIVE_INFINITY));
    const stop = new AbortController();
    const asked = client.ask({ message: "hi", history: [], key: "k1", signal: stop.signal }).next();
    setImmediate(() => stop.abort());
    expect(await failure(asked)).toMatchObject({ code: "interrupted" });
  });
});

describe("a proxy on the way", () => {
  async function behind(proxy: string) {
    const openDispatcher = () => new ProxyAgent({ uri: proxy, proxyTunnel: false });
    return clientOf("http://chat.example.org", { openDispatcher });
  }

  it("is asked in absolute form, token and all", async () => {
    const proxy = await serve((_, response) => json(response, 200, { response: "Hello" }));
    expect(await ask(await behind(proxy.url))).toBe("Hello");
    expect(proxy.seen[0]).toMatchObject({ url: "http://chat.example.org/api/chat/" });
  });

  it("is named as what is missing when it doesn't answer", async () => {
    const proxy = await refusing();
    const error = await failure(ask(await behind(proxy.url)));
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.message).toContain("The proxy on the way to http://chat.example.org");
    expect(error.remedy).toEqual({ kind: "check_proxy" });
  });

  it("that wants a login is no server", async () => {
    const proxy = await serve((_, response) => void response.writeHead(407).end());
    const error = await failure(ask(await behind(proxy.url)));
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.message).toContain("407");
  });
});

describe("a redirect", () => {
  it("names no path that a shell would take for a command", async () => {
    const server = await serve(
      (_, response) =>
        void response.writeHead(307, { location: "http://127.0.0.1:1/$(touch);'x/api/chat/" }).end(),
    );
    const { remedy } = await failure(ask(clientOf(server.url)));
    expect(remedy).toEqual({ kind: "use_server", server: "http://127.0.0.1:1" });
  });

  it.each([301, 302, 303, 307, 308])(
    "inside the server is followed with method and body, answered %i",
    async (status) => {
      const server = await serve((request, response) =>
        request.url === "/v2/chat"
          ? json(response, 200, { response: "Hello" })
          : void response.writeHead(status, { location: "/v2/chat" }).end(),
      );
      expect(await ask(clientOf(server.url))).toBe("Hello");
      const [first, second] = server.seen;
      expect(second).toMatchObject({ method: "POST", body: first?.body });
      expect(second?.headers.authorization).toBe("Bearer secret-token");
    },
  );

  it("to another server sends nothing there and says where it went", async () => {
    const other = await serve((_, response) => json(response, 200, {}));
    const server = await serve(
      (request, response) =>
        void response.writeHead(308, { location: `${other.url}/new${request.url}` }).end(),
    );
    const client = clientOf(server.url);
    const calls = [ask(client), client.login(jane), client.register(jane), client.balance()];
    for (const error of await Promise.all(calls.map((call) => failure(call))))
      expect(error).toMatchObject({
        code: "unreachable",
        message: `The server moved to ${other.url}/new`,
        remedy: { kind: "use_server", server: `${other.url}/new` },
        charged: "no",
      });
    expect(other.seen).toEqual([]);
  });

  it("to another scheme counts as another server", async () => {
    const server = await serve((request, response) => {
      response.writeHead(301, { location: `https://u:p@${request.headers.host}${request.url}?next=1` }).end();
    });
    const error = await failure(ask(clientOf(server.url)));
    expect(error.message).toBe(`The server moved to ${server.url.replace("http:", "https:")}`);
  });

  it("is followed three times, not four", async () => {
    const server = await serve((_, response) => void response.writeHead(302, { location: "/again/" }).end());
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({ code: "unreachable", charged: "no" });
    expect(server.seen).toHaveLength(4);
  });

  it.each([undefined, "http://", "javascript:alert(1)"])("to %s is bad_reply", async (location) => {
    const server = await serve(
      (_, response) => void response.writeHead(302, location ? { location } : {}).end(),
    );
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({ code: "bad_reply" });
  });
});

describe("an error reply", () => {
  it("brings its code, balance, time to wait and request id", async () => {
    const problem = {
      status: 402,
      code: "tokens_held",
      detail: "All held.",
      tokens: 50,
      held: 100,
      required: 100,
    };
    const server = await serve((_, response) =>
      json(response, 402, problem, { "retry-after": "1", "x-request-id": "r9" }),
    );
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({
      code: "tokens_held",
      status: 402,
      message: "All held.",
      retryAfter: 1,
      requestId: "r9",
      balance: { tokens: 50, held: 100, required: 100 },
      remedy: { kind: "wait_seconds", seconds: 1 },
    });
  });

  it("reads a Retry-After that is a date", async () => {
    const now = () => Date.parse("2026-11-22T10:00:00Z");
    const server = await serve((_, response) =>
      json(response, 429, { error: "Slow down." }, { "retry-after": "Sun, 22 Nov 2026 10:05:00 GMT" }),
    );
    const error = await failure(ask(clientOf(server.url, { now })));
    expect(error).toMatchObject({ code: "rate_limited", remedy: { kind: "wait_seconds", seconds: 300 } });
  });

  it.each<[number, string, "no" | "maybe"]>([
    [400, "invalid_request", "no"],
    [401, "invalid_token", "no"],
    [402, "insufficient_tokens", "no"],
    [403, "account_disabled", "no"],
    [404, "not_found", "no"],
    [405, "method_not_allowed", "no"],
    [408, "timeout", "maybe"],
    [413, "payload_too_large", "no"],
    [415, "unsupported_media_type", "no"],
    [418, "invalid_request", "no"],
    [422, "invalid_request", "no"],
    [429, "rate_limited", "no"],
    [500, "internal_error", "maybe"],
    [502, "upstream_error", "maybe"],
    [503, "overloaded", "maybe"],
    [504, "upstream_timeout", "maybe"],
  ])("of status %i without a code counts as %s", async (status, code, charged) => {
    const server = await serve((_, response) => void response.writeHead(status).end());
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({
      code,
      status,
      charged,
      message: `The server answered ${status}.`,
    });
  });

  it("takes 409 for a name that exists at register", async () => {
    const server = await serve((_, response) => json(response, 409, { error: "exists" }));
    expect(await failure(clientOf(server.url).register(jane))).toMatchObject({ code: "username_taken" });
  });

  it("loses its control sequences and every secret that was sent", async () => {
    const server = await serve((request, response) =>
      json(response, 400, { error: `\u001B[2J\u001B]0;title\u0007No:\n${request.body}` }),
    );
    const login = await failure(clientOf(server.url).login(jane));
    expect(login.message).toBe('No: {"username":"jane","password":"…"}');
    const asked = await failure(ask(clientOf(server.url)));
    expect(asked.message).toBe('No: {"message":"hi","token":"…"}');
    const passwords = { password: jane.password, newPassword: "another password" };
    const changed = await failure(clientOf(server.url).changePassword(passwords));
    expect(changed.message).toBe('No: {"password":"…","new_password":"…"}');
  });

  it("is read no further than needed when it is endless", async () => {
    const server = await serve(async (_, response) => {
      response.writeHead(500, { "content-type": "text/html" }).write("<title>Boom</title>");
      while (!response.destroyed) {
        response.write("x".repeat(65_536));
        await new Promise(setImmediate);
      }
    });
    expect((await failure(ask(clientOf(server.url)))).message).toBe("The server answered 500: Boom");
  });
});

describe("a reply of success that isn't this API's", () => {
  it("is bad_reply for every call, which says what came", async () => {
    const rows = [
      ["<html></html>", "an HTML page"],
      ["[]", "unexpected JSON"],
      ['"ok"', "unexpected JSON"],
      ["OK", "something that is not JSON"],
      ["", "an empty reply"],
    ] as const;
    for (const [body, came] of rows) {
      const server = await serve((_, response) => void response.writeHead(200).end(body));
      const client = clientOf(server.url);
      const calls = [client.register(jane), client.login(jane), client.balance(), ask(client)];
      const message = `${server.url} is not a chat server (it answered with ${came}).`;
      for (const error of await Promise.all(calls.map((call) => failure(call))))
        expect(error, body).toMatchObject({ code: "bad_reply", message });
    }
  });

  it.each([undefined, 7, "", "two words", "line\nend"])(
    "is bad_reply for a login whose token is %j",
    async (token) => {
      const server = await serve((_, response) => json(response, 200, { token }));
      const client = createApiClient({ server: server.url });
      open.push(client);
      expect(await failure(client.login(jane))).toMatchObject({ code: "bad_reply" });
      expect(client.token).toBeUndefined();
    },
  );
});

describe("a byte order mark before a reply", () => {
  const mark = "\uFEFF";

  it("is no part of its JSON", async () => {
    const server = await serve((request, response) => {
      const body = request.url === "/api/chat/" ? { response: "Hello" } : { tokens: 7 };
      response.writeHead(200, { "content-type": "application/json" }).end(mark + JSON.stringify(body));
    });
    const client = clientOf(server.url);
    expect(await ask(client)).toBe("Hello");
    expect(await client.balance()).toEqual({ tokens: 7, held: null });
  });

  it("hides no error of the server's", async () => {
    const server = await serve(
      (_, response) => void response.writeHead(400).end(`${mark}{"error":"No such model."}`),
    );
    expect((await failure(ask(clientOf(server.url)))).message).toBe("No such model.");
  });
});

describe("a token", () => {
  it("that isn't there is missed before connecting", async () => {
    const server = await serve(() => {});
    const client = createApiClient({ server: server.url });
    open.push(client);
    expect(await failure(ask(client))).toMatchObject({ code: "not_logged_in" });
    expect(await failure(client.balance())).toMatchObject({ code: "not_logged_in" });
    expect(server.seen).toEqual([]);
  });

  it("that can't be sent is refused before connecting, and not shown", async () => {
    const server = await serve(() => {});
    const error = await failure(ask(clientOf(server.url, { token: "se cret\n" })));
    expect(error.code).toBe("usage");
    expect(error.message).not.toContain("cret");
    expect(server.seen).toEqual([]);
  });

  it("isn't sent under a scheme that carries no token", async () => {
    const server = await serve((_, response) =>
      json(response, 401, { error: "No." }, { "www-authenticate": 'Basic realm="x", Negotiate' }),
    );
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({ code: "invalid_token" });
    expect(server.seen).toHaveLength(1);
  });
});

describe("what a server offers", () => {
  const about = {
    name: "ai-chat",
    price: 100,
    model: "demo",
    extensions: ["stream", "history", "mind-reading"],
  };
  const ours = (request: Seen, response: ServerResponse) =>
    json(response, 200, request.url === "/api/" ? about : { response: "Hello" });

  it("is asked before history is sent, once, without the token", async () => {
    const server = await serve(ours);
    const client = clientOf(server.url);
    await ask(client);
    await ask(client, history);
    await ask(client, history);
    expect(server.seen.map(({ url }) => url)).toEqual(["/api/chat/", "/api/", "/api/chat/", "/api/chat/"]);
    expect(server.seen[1]?.headers.authorization).toBeUndefined();
    expect(JSON.parse(server.seen[2]?.body ?? "")).toMatchObject({ history });
    expect(await client.offer()).toEqual({
      extensions: new Set(["stream", "history"]),
      price: 100,
      model: "demo",
    });
  });

  it("is believed for 24 hours when it was kept", async () => {
    const server = await serve(ours);
    const written: KeptOffer[] = [];
    const kept = { at: 0, extensions: [], price: 7, model: null };
    const options = { offerCache: { read: () => kept, write: (offer: KeptOffer) => written.push(offer) } };
    const day = 24 * 60 * 60 * 1000;
    expect((await clientOf(server.url, { ...options, now: () => day - 1 }).offer()).price).toBe(7);
    expect(server.seen).toEqual([]);
    expect((await clientOf(server.url, { ...options, now: () => day }).offer()).price).toBe(100);
    expect(written).toEqual([{ at: day, extensions: ["stream", "history"], price: 100, model: "demo" }]);
  });

  it("isn't kept while the server is in trouble", async () => {
    let status = 503;
    const server = await serve((_, response) => json(response, status, about));
    const client = clientOf(server.url);
    expect((await client.offer()).extensions.size).toBe(0);
    status = 200;
    expect((await client.offer()).extensions.has("history")).toBe(true);
  });

  it.each(["[]", "null", '{"extensions":"history"}', "<html></html>"])(
    "is nothing when it says %s",
    async (body) => {
      const server = await serve((_, response) => void response.end(body));
      expect(await clientOf(server.url).offer()).toEqual({ extensions: new Set(), price: null, model: null });
    },
  );

  it("doesn't fail a question where it can't be kept", async () => {
    const server = await serve(ours);
    const offerCache = { read: () => undefined, write: () => Promise.reject(new Error("read-only")) };
    expect(await ask(clientOf(server.url, { offerCache }), history)).toBe("Hello");
  });
});

/** A server whose queue is full: it accepts nobody, and nobody is refused. */
async function openFullServer(): Promise<string> {
  const script = `const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  open.push({ close: async () => void child.kill("SIGKILL") });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  // Two are taken into the queue, and the next ones are left to wait.
  const waiting = Array.from({ length: 8 }, () =>
    connect(Number(String(port)), "127.0.0.1").on("error", () => {}),
  );
  open.push({ close: async () => waiting.forEach((socket) => socket.destroy()) });
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, "connect")));
  return `http://127.0.0.1:${String(port)}`;
}

// Elsewhere the system has other ways with a full queue.
describe.runIf(process.platform === "linux")("a server that accepts no connection", () => {
  it("is waited for no longer than it may be silent", async () => {
    const client = clientOf(await openFullServer(), { silence: 1 });
    // A logout is patient with an answer for ten seconds, and not with connecting.
    for (const error of await Promise.all([failure(client.balance()), failure(client.logout())])) {
      expect(error).toMatchObject({ code: "unreachable", charged: "no" });
      expect(error.message).toContain("did not accept a connection within 1 s.");
    }
  });
});
