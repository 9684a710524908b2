// Stands in for undici's index in the build (scripts/build.js): the index loads fetch, caches, mocks and WebSockets
// besides, which is most of what a short command would wait for. The same classes, and `request` as the index has it
// for a URL. What needs more of undici (src/cli/connection/proxies.ts) gets all of it.
// @ts-expect-error -- undici declares the types of its index alone.
import apiRequest from "undici/lib/api/api-request.js";
// @ts-expect-error -- undici declares the types of its index alone.
import buildConnector from "undici/lib/core/connect.js";
// @ts-expect-error -- undici declares the types of its index alone.
import Agent from "undici/lib/dispatcher/agent.js";
// @ts-expect-error -- undici declares the types of its index alone.
import Pool from "undici/lib/dispatcher/pool.js";
// @ts-expect-error -- undici declares the types of its index alone.
import { getGlobalDispatcher } from "undici/lib/global.js";

/**
 * @param {string | URL} address
 * @param {Parameters<typeof import("undici").request>[1]} options
 */
function request(address, options = {}) {
  const { dispatcher = getGlobalDispatcher(), ...rest } = options;
  const { origin, pathname, search } = new URL(address);
  const method = rest.method ?? (rest.body ? "PUT" : "GET");
  return apiRequest.call(dispatcher, { ...rest, origin, path: pathname + search, method });
}

export { Agent, Pool, buildConnector, request };
