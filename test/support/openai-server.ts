import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request that the fake upstream received. */
export interface SeenRequest {
  method: string;
  /** Path with query, `/v1/chat/completions`. */
  path: string;
  headers: IncomingHttpHeaders;
  /** The body as it came. */
  text: string;
  /** The parsed JSON body; undefined for a GET. */
  body: any;
  /** True once its connection closed before the reply had ended: the client disconnected, or a script cut it. */
  closedEarly: boolean;
  /** Resolves when `closedEarly` becomes true; otherwise never. */
  hungUp: Promise<void>;
}

/** How one request is answered. Make them with the functions below, or write your own. */
export type Script = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** Text, or a promise that the script awaits, by which a test delays an answer. */
type Step = string | Uint8Array | Promise<unknown>;

/**
 * How a reply ends. `done`: complete, with `[DONE]` if streamed. `clean`: the same without `[DONE]`. `cut`: the socket
 * is destroyed. `hang`: nothing more comes. `linger`: `[DONE]` is sent but the reply never ends.
 */
type End = "done" | "clean" | "cut" | "hang" | "linger";

interface RawReply {
  status?: number;
  /** Content-Type. */
  type?: string;
  end?: End;
  headers?: Record<string, string>;
}

interface Ending {
  /** The `finish_reason`; null for none. */
  finish?: string | null;
  end?: End;
  /** The field for the text: `content` or `refusal`. */
  field?: string;
}

export interface FakeOpenAi {
  /** Base URL, `http://127.0.0.1:PORT/v1`. */
  url: string;
  /** Every request so far, in order of arrival, those for `/models` included. */
  requests: SeenRequest[];
  /** Resolves to the request number `count` (1 is the first), as soon as it has arrived completely. */
  arrived(count: number): Promise<SeenRequest>;
  /** Answers every later question with the script; the default is `answer("Hello from the fake AI.")`. */
  respond(script: Script): void;
  /** Answers `GET /v1/models` with these names (default `fake-model`), or with the script. */
  models(names: string[] | Script): void;
  /** Number of open connections. */
  connections(): number;
  /** Destroys all connections and stops listening. */
  close(): Promise<void>;
}

/** Sends raw chunks, each in its own packet. */
export function bytes(
  steps: Step[],
  { status = 200, type = "application/json", end = "clean", headers = {} }: RawReply = {},
): Script {
  return async (_request, response) => {
    response.writeHead(status, { "Content-Type": type, ...headers });
    response.flushHeaders();
    await play(response, steps);
    finish(response, end);
  };
}

/**
 * An answer in the requested form: one JSON document, or a stream with an event for each text.
 */
export function answer(
  text: string | Step[],
  { finish: reason = "stop", end = "done", field = "content" }: Ending = {},
): Script {
  const steps = typeof text === "string" ? [text] : text;
  return async (request, response) => {
    if (!request.body?.stream) {
      for (const step of steps) await step;
      const message = { role: "assistant", content: null, [field]: steps.filter(isText).join("") };
      const document = JSON.stringify({
        id: "chatcmpl-1",
        object: "chat.completion",
        choices: [{ index: 0, message, finish_reason: reason }],
      });
      response.writeHead(200, { "Content-Type": "application/json" });
      response.write(end === "cut" || end === "hang" ? document.slice(0, -9) : document);
      return finish(response, end);
    }
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.flushHeaders();
    await play(
      response,
      steps.map((step) => (isText(step) ? chunk({ [field]: step }, null) : step)),
    );
    if (reason !== null) await play(response, [chunk({}, reason)]);
    if (end === "done" || end === "linger") await play(response, ["data: [DONE]\n\n"]);
    finish(response, end);
  };
}

/** One event of a streamed answer, as OpenAI writes it. */
export function chunk(delta: Record<string, unknown>, reason: string | null = null, index = 0): string {
  const choices = [{ index, delta, finish_reason: reason }];
  return `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", choices })}\n\n`;
}

/** An error in OpenAI's form. `headers` for Retry-After, Location and the like. */
export function failure(
  status: number,
  {
    message = "Something is wrong.",
    type = "some_type",
    code = "some_code",
    headers = {},
  }: { message?: string; type?: string; code?: string | number; headers?: Record<string, string> } = {},
): Script {
  return bytes([JSON.stringify({ error: { message, type, code } })], { status, headers });
}

/** Receives the question and never answers; with `head`, sends only the head of the reply. */
export function silence({ head = false } = {}): Script {
  return async (request, response) => {
    const type = request.body?.stream ? "text/event-stream" : "application/json";
    if (head) await bytes([], { type, end: "hang" })(request, response);
  };
}

/** Drops the connection before any head. */
export function slam(): Script {
  return (_request, response) => void response.socket?.destroy();
}

/** Waits for `released`, then runs `script`. */
export function after(released: Promise<unknown>, script: Script): Script {
  return async (request, response) => {
    await released;
    await script(request, response);
  };
}

/** A fake of OpenAI's chat completions on a free loopback port, with keep-alive. Tests delay it with promises. */
export async function openFakeOpenAi(): Promise<FakeOpenAi> {
  const requests: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Map<number, (request: SeenRequest) => void>();
  let script = answer("Hello from the fake AI.");
  let modelScript = listing(["fake-model"]);

  const server = createServer((message, response) => {
    void (async () => {
      const request = await see(message, response);
      if (!request) return;
      waiting.get(requests.push(request))?.(request);
      await (request.path.startsWith("/v1/models") ? modelScript : script)(request, response);
    })();
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    arrived: (count) =>
      new Promise((resolve) => {
        const seen = requests[count - 1];
        if (seen) resolve(seen);
        else waiting.set(count, resolve);
      }),
    respond: (next) => {
      script = next;
    },
    models: (next) => {
      modelScript = Array.isArray(next) ? listing(next) : next;
    },
    connections: () => sockets.size,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const listing = (names: string[]): Script =>
  bytes([JSON.stringify({ object: "list", data: names.map((id) => ({ id, object: "model" })) })]);

const isText = (step: Step): step is string => typeof step === "string";

async function play(response: ServerResponse, steps: Step[]): Promise<void> {
  for (const step of steps) {
    if (step instanceof Promise) await step;
    else if (response.destroyed) return;
    // Waiting for the socket keeps chunks separate, which tests of split characters need.
    else await new Promise<void>((resolve) => response.write(step, () => resolve()));
  }
}

function finish(response: ServerResponse, end: End): void {
  if (end === "cut") response.socket?.destroy();
  else if (end === "done" || end === "clean") response.end();
}

/** Undefined if the client disconnected before its request was complete. */
async function see(message: IncomingMessage, response: ServerResponse): Promise<SeenRequest | undefined> {
  const request: Omit<SeenRequest, "hungUp"> = {
    method: message.method ?? "",
    path: message.url ?? "",
    headers: message.headers,
    text: "",
    body: undefined,
    closedEarly: false,
  };
  const hungUp = new Promise<void>((resolve) => {
    response.on("close", () => {
      if (response.writableFinished) return;
      seen.closedEarly = true;
      resolve();
    });
  });
  const seen: SeenRequest = Object.assign(request, { hungUp });
  const pieces: Buffer[] = [];
  try {
    for await (const piece of message) pieces.push(piece as Buffer);
  } catch {
    return undefined;
  }
  seen.text = Buffer.concat(pieces).toString();
  if (seen.text !== "") seen.body = JSON.parse(seen.text);
  return seen;
}
