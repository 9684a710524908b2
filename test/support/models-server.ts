import type { ServerResponse } from "node:http";
import { openSmallServer, type Seen, type SmallServer } from "./others-server.ts";

/** A model of this server, as `GET /api/models/` tells it. */
export interface ListedModel {
  name: string;
  price: number;
  default: boolean;
  images?: true;
}

export interface ModelsServer extends SmallServer {
  /** May be changed at any time. Empty: a server of before models. */
  models: ListedModel[];
  /** The names in the questions so far; undefined for a question that names none. */
  asked(): (string | undefined)[];
}

const twoModels = [
  { name: "small", price: 100, default: true },
  { name: "big", price: 500, default: false },
];

function reply(response: ServerResponse, status: number, body: unknown, heads: Record<string, string> = {}) {
  response.writeHead(status, { "content-type": "application/json", ...heads });
  response.end(JSON.stringify(body));
}

function chat({ body, headers }: Seen, models: ListedModel[], response: ServerResponse) {
  const { message, model } = JSON.parse(body) as { message: string; model?: string };
  const found = models.find((one) => (model === undefined ? one.default : one.name === model));
  if (models.length > 0 && found === undefined) {
    const detail = `model must be one of: ${models.map(({ name }) => name).join(", ")}.`;
    return reply(response, 400, { code: "invalid_request", detail, errors: [{ field: "model", detail }] });
  }
  const answer = { response: `You said: ${message}`, tokens_deducted: found?.price ?? 100 };
  if (!headers.accept?.includes("event-stream"))
    return reply(response, 200, answer, { "tokens-remaining": "3900" });
  const done = { ...answer, tokens_remaining: 3900, model: found?.name };
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(
    `event: delta\ndata: ${JSON.stringify({ text: answer.response })}\n\n` +
      `event: done\ndata: ${JSON.stringify(done)}\n\n`,
  );
}

/** A server with several models, or none. Any token is valid. */
export async function openModelsServer(): Promise<ModelsServer> {
  let models: ListedModel[] = twoModels;
  const server = await openSmallServer((seen, response) => {
    const extensions = ["stream", "history", "idempotency", ...(models.length > 0 ? ["models"] : [])];
    const usual = models.find((one) => one.default);
    if (seen.url === "/api/chat/") return chat(seen, models, response);
    if (seen.url === "/api/")
      return reply(response, 200, { extensions, price: usual?.price ?? 100, model: usual?.name ?? "only" });
    if (seen.url === "/api/models/" && models.length > 0) return reply(response, 200, { models });
    if (seen.url === "/api/login/") return reply(response, 200, { token: "kept" });
    if (seen.url !== "/api/token_balance/") return reply(response, 404, { detail: "Not found." });
    if (seen.headers.authorization === undefined) return reply(response, 401, { detail: "Log in." });
    return reply(response, 200, { tokens: 4000 });
  });
  return {
    ...server,
    get models() {
      return models;
    },
    set models(those) {
      models = those;
    },
    asked: () =>
      server.seen
        .filter(({ url }) => url === "/api/chat/")
        .map(({ body }) => (JSON.parse(body) as { model?: string }).model),
  };
}
