import { Agent, request } from "undici";
import { PASSWORD } from "./test-server.ts";

interface Reply {
  status: number;
  /** The code of the problem document, which can also be in a stream's error event. */
  code: string | undefined;
  /** Whether the answer is complete: a plain 200, or a stream with its `done`. */
  whole: boolean;
  replayed: boolean;
}

/** A user with an account and separate connections. */
export interface Person {
  ask(question: { key?: string; streamed: boolean }): Promise<Reply>;
  balance(): Promise<{ tokens: number; held: number }>;
  /** The same user and token at another address, or as another client of the same server. */
  at(url: string): Person;
}

/** Registers and logs in. */
export async function openPerson(url: string, username: string): Promise<Person> {
  const post = (path: string) =>
    fetch(url + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ username, password: PASSWORD }),
    });
  await post("/api/register/");
  const { token } = (await (await post("/api/login/")).json()) as { token: string };
  return personAt(url, token);
}

function personAt(url: string, token: string): Person {
  const dispatcher = new Agent();
  const authorization = `Bearer ${token}`;
  return {
    async ask({ key, streamed }) {
      const reply = await request(`${url}/api/chat/`, {
        dispatcher,
        method: "POST",
        headers: {
          "content-type": "application/json",
          accept: streamed ? "text/event-stream" : "application/json",
          authorization,
          ...(key !== undefined && { "idempotency-key": key }),
        },
        body: JSON.stringify({ message: "hello" }),
      });
      const text = await reply.body.text();
      const isStream = String(reply.headers["content-type"]).startsWith("text/event-stream");
      return {
        status: reply.statusCode,
        code: /"code":"(\w+)"/.exec(text)?.[1],
        whole: reply.statusCode === 200 && (!isStream || text.includes("event: done")),
        replayed: reply.headers["idempotent-replayed"] === "true",
      };
    },
    async balance() {
      const reply = await request(`${url}/api/token_balance/`, { dispatcher, headers: { authorization } });
      const { tokens } = (await reply.body.json()) as { tokens: number };
      return { tokens, held: Number(reply.headers["tokens-held"]) };
    },
    at: (other) => personAt(other, token),
  };
}
