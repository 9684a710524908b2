import { pagePaths } from "../../../protocol/routes.ts";
import { ApiError } from "../../core/api-error.ts";
import type { Middleware } from "../context.ts";
import { headOf } from "../reply.ts";
import type { Route } from "../router.ts";
import type { Pages, StaticFile } from "./open.ts";
import { sendPage } from "./send-file.ts";

const HINT =
  "There is nothing at this path but a page for browsers. GET /api/ describes this server, and /docs its API.";

/** The page for browsers: for a client that prefers HTML to JSON. Others get what they get without it. */
function sendHome(file: StaticFile): Middleware {
  const send = sendPage(pagePaths.home, file, "Accept, Accept-Encoding");
  return async function sendHome(ctx, next) {
    if (ctx.accepts("application/json", "text/html") === "text/html") return send(ctx, next);
    headOf(ctx.res).push("Vary", "Accept");
    throw new ApiError("not_found", HINT);
  };
}

/** The routes of docs/browser.md. */
export const pageRoutes = ({ home, ...files }: Pages): Route[] => [
  ["get", pagePaths.home, [sendHome(home)]],
  ["get", pagePaths.script, [sendPage(pagePaths.script, files.script)]],
  ["get", pagePaths.style, [sendPage(pagePaths.style, files.style)]],
  ["get", pagePaths.docs, [sendPage(pagePaths.docs, files.docs)]],
  ["get", pagePaths.docsStyle, [sendPage(pagePaths.docsStyle, files.docsStyle)]],
];
