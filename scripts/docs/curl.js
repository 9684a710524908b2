// Lines for a shell that send the requests of the examples.

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * @typedef {object} Request
 * @property {string} method
 * @property {string} path
 * @property {boolean} withToken
 * @property {unknown} body
 * @property {boolean} streams
 */

/**
 * @param {Request} request
 * @returns {string}
 */
export function curlOf({ method, path, withToken, body, streams }) {
  const usual = body === undefined ? "get" : "post";
  const first = ["curl", streams ? "-sN" : "-s", ...(method === usual ? [] : ["-X", method.toUpperCase()])];
  return [
    `${first.join(" ")} "$SERVER${path}"`,
    ...(withToken ? ['-H "Authorization: Bearer $TOKEN"'] : []),
    ...(streams ? ["-H 'Accept: text/event-stream'"] : []),
    ...(body === undefined
      ? []
      : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ].join(" \\\n  ");
}
