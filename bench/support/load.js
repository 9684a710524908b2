import { randomUUID } from "node:crypto";
import { Pool } from "undici";

/**
 * Who is asked, and how. `heads` are taken in turn: one a question in flight, as with an account each.
 * @typedef {{ url: string, path?: string, heads?: Record<string, string>[],
 *   body?: (stream: boolean) => string, stream?: boolean }} Target
 */

const question = () => JSON.stringify({ message: "What is the answer to everything?" });

/**
 * Asks over kept-alive connections. The result asks `count` questions, `parallel` at a time, and resolves to how long
 * each took, in milliseconds.
 * @param {Target} target
 * @param {number} parallel
 */
export function createLoad(
  { url, path = "/api/chat/", heads = [{}], body = question, stream = false },
  parallel,
) {
  const text = body(stream);
  const pool = new Pool(url, { connections: parallel });
  const accept = stream ? "text/event-stream" : "application/json";
  const headers = heads.map((head) => ({ "content-type": "application/json", accept, ...head }));
  return async (/** @type {number} */ count) => {
    let left = count;
    /** @type {number[]} */
    const times = [];
    const asker = async (/** @type {number} */ index) => {
      const head = headers[index % headers.length];
      while (left-- > 0) {
        const begun = performance.now();
        const reply = await pool.request({ method: "POST", path, headers: head, body: text });
        const answer = await reply.body.text();
        times.push(performance.now() - begun);
        const isWhole = !stream || /event: done|data: \[DONE\]/.test(answer.slice(-4000));
        if (reply.statusCode !== 200 || !isWhole)
          throw new Error(`it answered ${reply.statusCode}: ${answer.slice(0, 200)}`);
      }
    };
    await Promise.all(Array.from({ length: parallel }, (_, index) => asker(index)));
    return times;
  };
}

/** Registers that many accounts and logs in; resolves to the headers that name them. @param {string} url @param {number} count */
export async function newAccounts(url, count) {
  const heads = [];
  for (let i = 0; i < count; i++) {
    const body = JSON.stringify({ username: `bench-${randomUUID()}`, password: randomUUID() });
    const post = (/** @type {string} */ path) =>
      fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body });
    const registered = await post("/api/register/");
    if (registered.status !== 201) throw new Error(`register: ${registered.status}`);
    const { token } = /** @type {{ token: string }} */ (await (await post("/api/login/")).json());
    heads.push({ authorization: `Bearer ${token}` });
  }
  return heads;
}
