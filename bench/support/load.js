import { randomUUID } from "node:crypto";
import { Pool } from "undici";

/**
 * Asks `count` questions, `parallel` at a time, over kept-alive connections.
 * @param {string} url
 * @param {{ token?: string, count: number, parallel: number }} load
 */
export async function ask(url, { token = "", count, parallel }) {
  const pool = new Pool(url, { connections: parallel });
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const { statusCode, body } = await pool.request({
        method: "POST",
        path: "/api/chat/",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ message: "What is the answer to everything?" }),
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, one));
  await pool.close();
}

/** Registers a new account and logs in; resolves to the token. @param {string} url @returns {Promise<string>} */
export async function newToken(url) {
  const body = JSON.stringify({ username: `bench-${randomUUID()}`, password: randomUUID() });
  const post = (/** @type {string} */ path) =>
    fetch(url + path, { method: "POST", headers: { "content-type": "application/json" }, body });
  const registered = await post("/api/register/");
  if (registered.status !== 201) throw new Error(`register: ${registered.status}`);
  const { token } = /** @type {{ token: string }} */ (await (await post("/api/login/")).json());
  return token;
}
