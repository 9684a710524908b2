import { noOffer } from "../../../src/client/http/offer.ts";
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { Proxies } from "../../../src/cli/connection/proxies.ts";
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
  it("is reported with its address, and nothing was charged", async () => {
    const nobody = await refusing();
    const error = await failure(ask(clientOf(nobody.url)));
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.message).toBe(`${nobody.url} refused the connection.`);
    expect(error.remedy).toEqual({ kind: "start_server" });
  });

  it("is reported when its name doesn't exist", async () => {
    onTestFinished(knowNoNames());
    const error = await failure(clientOf("http://nowhere.invalid").balance());
    expect(error).toMatchObject({ code: "unreachable" });
    expect(error.message).toContain("nowhere.invalid");
  });

  it("is reported when it doesn't speak TLS", async () => {
    const server = await serve(() => {});
    const error = await failure(clientOf(server.url.replace("http:", "https:")).balance());
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.remedy).toEqual({ kind: "check_scheme" });
  });

  it("is reported when it doesn't speak HTTP", async () => {
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

  it("does not count as a chat server, and offers nothing", async () => {
    const client = clientOf((await refusing()).url);
    expect(await client.isChatServer()).toBe(false);
    expect(await client.offer()).toEqual(noOffer);
  });

  it("leaves no listeners behind after many closed connections", async () => {
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

  it("may have charged a question whose connection was lost", async () => {
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

  /** Sends `count` interim responses, then the answer; without a count it never stops. */
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

  it("without a final response end as a timeout, and the question may have been charged", async () => {
    const client = clientOf(await hinting(Number.POSITIVE_INFINITY), { silence: 0.2 });
    expect(await failure(ask(client))).toMatchObject({ code: "timeout", charged: "maybe" });
    expect(await failure(client.balance())).toMatchObject({ code: "timeout", charged: "no" });
  });

  it("before the final response are skipped", async () => {
    expect(await ask(clientOf(await hinting(3)))).toBe("Hello");
  });

  it("do not prevent an interruption", async () => {
    const client = clientOf(await hinting(Number.POSITIVE_INFINITY));
    const stop = new AbortController();
    const asked = client.ask({ message: "hi", history: [], key: "k1", signal: stop.signal }).next();
    setImmediate(() => stop.abort());
    expect(await failure(asked)).toMatchObject({ code: "interrupted" });
  });
});

describe("a proxy", () => {
  async function behind(proxy: string) {
    const openDispatcher = () => new Proxies({ http: proxy, https: "", none: "", connect: 10 });
    return clientOf("http://chat.example.org", { openDispatcher });
  }

  it("gets the request in absolute form, with the token", async () => {
    const proxy = await serve((_, response) => json(response, 200, { response: "Hello" }));
    expect(await ask(await behind(proxy.url))).toBe("Hello");
    expect(proxy.seen[0]).toMatchObject({ url: "http://chat.example.org/api/chat/" });
  });

  it("is named in the error when it doesn't answer", async () => {
    const proxy = await refusing();
    const error = await failure(ask(await behind(proxy.url)));
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.message).toContain("The proxy on the way to http://chat.example.org");
    expect(error.remedy).toEqual({ kind: "check_proxy" });
  });

  it("that requires a login does not count as a server", async () => {
    const proxy = await serve((_, response) => void response.writeHead(407).end());
    const error = await failure(ask(await behind(proxy.url)));
    expect(error).toMatchObject({ code: "unreachable", charged: "no" });
    expect(error.message).toContain("407");
  });
});

describe("a redirect", () => {
  it("is reported without a path that a shell could run as a command", async () => {
    const server = await serve(
      (_, response) =>
        void response.writeHead(307, { location: "http://127.0.0.1:1/$(touch);'x/api/chat/" }).end(),
    );
    const { remedy } = await failure(ask(clientOf(server.url)));
    expect(remedy).toEqual({ kind: "use_server", server: "http://127.0.0.1:1" });
  });

  it.each([301, 302, 303, 307, 308])(
    "inside the server is followed with method and body, status %i",
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

  it("to another server sends nothing there, and the error names the target", async () => {
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

  it("is followed three times but not four times", async () => {
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
  it("has its code, balance, wait time and request id in the error", async () => {
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

  it("may have a date as Retry-After", async () => {
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
    [403, "forbidden", "no"],
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

  it("with status 409 means username_taken for register", async () => {
    const server = await serve((_, response) => json(response, 409, { error: "exists" }));
    expect(await failure(clientOf(server.url).register(jane))).toMatchObject({ code: "username_taken" });
  });

  it("is stripped of control sequences and of every secret that was sent", async () => {
    const server = await serve((request, response) =>
      json(response, 422, { error: `\u001B[2J\u001B]0;title\u0007No:\n${request.body}` }),
    );
    const login = await failure(clientOf(server.url).login(jane));
    expect(login.message).toBe('No: {"username":"jane","password":"…"}');
    const asked = await failure(ask(clientOf(server.url)));
    expect(asked.message).toBe('No: {"message":"hi","token":"…"}');
    const passwords = { password: jane.password, newPassword: "another password" };
    const changed = await failure(clientOf(server.url).changePassword(passwords));
    expect(changed.message).toBe('No: {"password":"…","new_password":"…"}');
  });

  it("is read only up to a limit when it never ends", async () => {
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

describe("a successful reply that isn't this API's", () => {
  it("is bad_reply for every call, and the error says what was received", async () => {
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

  it("is ignored when the JSON is parsed", async () => {
    const server = await serve((request, response) => {
      const body = request.url === "/api/chat/" ? { response: "Hello" } : { tokens: 7 };
      response.writeHead(200, { "content-type": "application/json" }).end(mark + JSON.stringify(body));
    });
    const client = clientOf(server.url);
    expect(await ask(client)).toBe("Hello");
    expect(await client.balance()).toEqual({ tokens: 7, held: null });
  });

  it("does not hide the server's error", async () => {
    const server = await serve(
      (_, response) => void response.writeHead(400).end(`${mark}{"error":"No such model."}`),
    );
    expect((await failure(ask(clientOf(server.url)))).message).toBe("No such model.");
  });
});

describe("a token", () => {
  it("that is missing is reported before connecting", async () => {
    const server = await serve(() => {});
    const client = createApiClient({ server: server.url });
    open.push(client);
    expect(await failure(ask(client))).toMatchObject({ code: "not_logged_in" });
    expect(await failure(client.balance())).toMatchObject({ code: "not_logged_in" });
    expect(server.seen).toEqual([]);
  });

  it("with invalid characters is refused before connecting, and not shown", async () => {
    const server = await serve(() => {});
    const error = await failure(ask(clientOf(server.url, { token: "se cret\n" })));
    expect(error.code).toBe("usage");
    expect(error.message).not.toContain("cret");
    expect(server.seen).toEqual([]);
  });

  it("isn't sent under a scheme that is not for tokens", async () => {
    const server = await serve((_, response) =>
      json(response, 401, { error: "No." }, { "www-authenticate": 'Basic realm="x", Negotiate' }),
    );
    expect(await failure(ask(clientOf(server.url)))).toMatchObject({ code: "invalid_token" });
    expect(server.seen).toHaveLength(1);
  });
});

describe("the offer of a server", () => {
  const about = {
    name: "ai-chat",
    price: 100,
    model: "demo",
    extensions: ["stream", "history", "mind-reading"],
  };
  const ours = (request: Seen, response: ServerResponse) =>
    json(response, 200, request.url === "/api/" ? about : { response: "Hello" });

  it("is requested once before history is sent, without the token", async () => {
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
      models: [],
    });
  });

  it("is reused for 24 hours when it was stored", async () => {
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

  it("isn't stored when the server answers with an error", async () => {
    let status = 503;
    const server = await serve((_, response) => json(response, status, about));
    const client = clientOf(server.url);
    expect((await client.offer()).extensions.size).toBe(0);
    status = 200;
    expect((await client.offer()).extensions.has("history")).toBe(true);
  });

  it.each(["[]", "null", '{"extensions":"history"}', "<html></html>"])(
    "counts as empty when the reply is %s",
    async (body) => {
      const server = await serve((_, response) => void response.end(body));
      expect(await clientOf(server.url).offer()).toEqual(noOffer);
    },
  );

  it("doesn't fail a question when it can't be stored", async () => {
    const server = await serve(ours);
    const offerCache = { read: () => undefined, write: () => Promise.reject(new Error("read-only")) };
    expect(await ask(clientOf(server.url, { offerCache }), history)).toBe("Hello");
  });
});

/** A server whose accept queue is full: it neither accepts nor refuses connections. */
async function openFullServer(): Promise<string> {
  const script = `const server = require("node:net").createServer();
    server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  open.push({ close: async () => void child.kill("SIGKILL") });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  // The queue holds two connections; the others stay unanswered.
  const waiting = Array.from({ length: 8 }, () =>
    connect(Number(String(port)), "127.0.0.1").on("error", () => {}),
  );
  open.push({ close: async () => waiting.forEach((socket) => socket.destroy()) });
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, "connect")));
  return `http://127.0.0.1:${String(port)}`;
}

// Other systems treat a full queue in another manner.
describe.runIf(process.platform === "linux")("a server that accepts no connection", () => {
  it("ends as a timeout after the allowed silence", async () => {
    const client = clientOf(await openFullServer(), { silence: 1 });
    // A logout waits ten seconds for the answer, but not for the connection.
    for (const error of await Promise.all([failure(client.balance()), failure(client.logout())])) {
      expect(error).toMatchObject({ code: "unreachable", charged: "no" });
      expect(error.message).toContain("did not accept a connection within 1 s.");
    }
  });
});
