// An OpenAI-compatible upstream that answers at once, in a separate process so that its CPU is not counted elsewhere.
import { createServer } from "node:http";

const reply = JSON.stringify({
  id: "bench",
  object: "chat.completion",
  created: 0,
  model: "bench",
  choices: [
    {
      index: 0,
      finish_reason: "stop",
      message: { role: "assistant", content: "The answer is forty-two. ".repeat(20) },
    },
  ],
});

const server = createServer((request, response) => {
  request.resume().on("end", () => {
    response
      .writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(reply) })
      .end(reply);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
