/** Schemes that do not carry a plain token: a token must not be sent with them. */
const notForTokens = new Set([
  "basic",
  "digest",
  "dpop",
  "hoba",
  "mutual",
  "negotiate",
  "ntlm",
  "gnap",
  "privatetoken",
  "scram-sha-1",
  "scram-sha-256",
  "vapid",
]);

/** The schemes in a `WWW-Authenticate` (RFC 9110 §11.6.1), without quoted strings. */
function challenged(header: string): string[] {
  const bare = header.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  return bare
    .split(",")
    .map((part) => /^\s*([A-Za-z][A-Za-z0-9-]{0,31})(?=\s|$)(?!\s*=)/.exec(part)?.[1])
    .filter((scheme) => scheme !== undefined);
}

/**
 * The scheme that a server which refused a token wants instead (`WWW-Authenticate: Token`, docs/cli.md#other-servers),
 * as the server spells it. `undefined` if it asks for the one in use, for none, or for one that carries no token.
 */
export function otherScheme(header: string | undefined, used: string): string | undefined {
  const schemes = challenged(header ?? "");
  if (schemes.some((scheme) => scheme.toLowerCase() === used.toLowerCase())) return undefined;
  return schemes.find((scheme) => !notForTokens.has(scheme.toLowerCase()));
}

/** Whether a server that refused `Bearer` may want `Token`: unless its challenge names Bearer, which it then knows. */
export function mayWantToken(header: string | undefined): boolean {
  return !challenged(header ?? "").some((scheme) => scheme.toLowerCase() === "bearer");
}
