import { extensions, routes } from "../../../protocol/routes.ts";
import { headerRefs } from "./headers.ts";
import { emptyReply, jsonReply, type Operation } from "./operation.ts";

/** What describes the server, and says how it is. */
export const statusOperations: Operation[] = [
  {
    method: "get",
    path: routes.about,
    id: "getServer",
    tag: "server",
    summary: "Read what the server offers",
    description: "A client uses an extension only if it is listed.",
    see: "docs/http-api.md#server-information",
    access: "nothing",
    replies: {
      200: jsonReply("ServerInformation", "The server.", {
        name: "ai-chat-system",
        version: "0.1.0",
        price: 100,
        starting_tokens: 4000,
        registration: "open",
        model: "demo",
        limits: { message: 100_000, context: 100_000, turns: 200 },
        extensions: extensions.filter((name) => name !== "models" && name !== "images"),
      }),
    },
    errors: [],
  },
  {
    method: "get",
    path: routes.health,
    id: "getHealth",
    tag: "server",
    summary: "Ask whether the process lives",
    description: "With `ai=1` it also tells the [state of the AI](docs/monitoring.md#the-state-of-the-ai).",
    see: "docs/http-api.md#health",
    access: "nothing",
    parameters: [
      {
        name: "ai",
        in: "query",
        description: "1: with the state of each model.",
        schema: { type: "string", enum: ["1"] },
      },
    ],
    replies: { 200: jsonReply("Health", "It lives, whatever the state of the AI is.", { status: "ok" }) },
    errors: [],
  },
  {
    method: "get",
    path: routes.ready,
    id: "getReadiness",
    tag: "server",
    summary: "Ask whether requests should be sent here",
    description: "For load balancers.",
    see: "docs/http-api.md#health",
    access: "nothing",
    replies: { 200: jsonReply("Readiness", "The store takes charges.", { status: "ready" }) },
    errors: ["store_unavailable", "shutting_down"],
  },
  {
    method: "get",
    path: routes.openApi,
    id: "getOpenApi",
    tag: "server",
    summary: "Read this document",
    description: "With `Accept-Encoding: gzip` it comes packed.",
    see: "docs/http-api.md#openapi",
    access: "nothing",
    parameters: [
      {
        name: "If-None-Match",
        in: "header",
        description: "The `ETag` of the version that the client has.",
        schema: { type: "string" },
      },
    ],
    replies: {
      200: {
        description:
          "The document. It is the same for everybody, and may be kept: `Cache-Control: no-cache`.",
        headers: headerRefs(["ETag", "Vary", "Content-Encoding"]),
        content: {
          "application/json": {
            schema: {
              type: "object",
              additionalProperties: true,
              required: ["openapi"],
              properties: { openapi: { type: "string", description: "The version of OpenAPI." } },
            },
          },
        },
      },
      304: emptyReply("It has not changed.", ["ETag", "Vary"]),
    },
    errors: [],
  },
];
