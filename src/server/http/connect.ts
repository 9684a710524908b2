import { ServerResponse, type IncomingMessage, type Server } from "node:http";

/**
 * CONNECT goes the way of every other request, to its refusal; what follows it on the connection is no HTTP, so that
 * ends. Node hands such a connection over bare: with no reply, no error listener and no timeout of its own.
 */
export function answerConnect(server: Server, req: IncomingMessage, replying: boolean): void {
  const { socket } = req;
  socket.on("error", () => socket.destroy());
  // A reply that is under way must not get another one into its middle.
  if (replying || !socket.writable) {
    socket.destroy();
    return;
  }
  const res = new ServerResponse(req);
  res.shouldKeepAlive = false;
  res.assignSocket(socket);
  res.once("finish", () => socket.destroySoon());
  server.emit("request", req, res);
}
