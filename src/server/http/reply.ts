import type { ServerResponse } from "node:http";
import type { Budget } from "./budget.ts";
import { sendText } from "./send.ts";
import type { Context, Middleware } from "./context.ts";

const HEAD = Symbol("head");

/**
 * Headers that the reply will have: names and values in turn, as `writeHead` takes them. They are kept here until all are
 * known, because `setHeader` for each costs more than the rest of a reply.
 */
export function headOf(res: ServerResponse & { [HEAD]?: string[] }): string[] {
  return (res[HEAD] ??= []);
}

/** Where a head has the name of a header; -1 if it does not. A value can be the same text: a client chooses its request ID. */
export const placeIn = (head: string[], name: string): number =>
  head.findIndex((text, at) => at % 2 === 0 && text === name);

/** The value of a header in a head. */
export function valueIn(head: string[], name: string): string | undefined {
  const at = placeIn(head, name);
  return at < 0 ? undefined : head[at + 1];
}

/** Decides on the reply; `sendReply` sends it after all steps. */
export function replyJson(ctx: Context, status: number, value: object, type = "application/json"): void {
  ctx.state.reply = { status, content: { type, text: JSON.stringify(value) } };
}

/**
 * The first step: sends the reply that the others decided on, in one write if it is short. Koa's own way sets each header by
 * itself. While the server is stopping, each reply is the last on its connection.
 */
export function sendReply({ budget, stopping }: { budget: Budget; stopping: () => boolean }): Middleware {
  return async function sendReply(ctx, next) {
    const { req, res } = ctx;
    try {
      await next();
    } finally {
      budget.give(ctx.state.buffered ?? 0);
    }
    const { reply } = ctx.state;
    // A stream, or a reply by bad-request.ts.
    if (reply === undefined || res.headersSent) return;
    const head = headOf(res);
    const { status, content } = reply;
    if (content) head.push("Content-Type", content.type, "Content-Length", lengthOf(content.text));
    if (stopping()) res.shouldKeepAlive = false;
    res.writeHead(status, head);
    if (content === undefined || req.method === "HEAD") res.end();
    else await sendText(res, content.text, budget);
  };
}

const lengthOf = (text: string | Buffer) => String(Buffer.byteLength(text));
