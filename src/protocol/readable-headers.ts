import { headers } from "./replies.ts";

/**
 * The headers of replies that say something to a client, besides those that a page of any origin can read (Fetch,
 * CORS-safelisted response-header name). Pages of the origins that an operator allows can read these too
 * (docs/browser.md#cors).
 */
export const readableHeaders: readonly string[] = [
  ...Object.values(headers).filter((name) => name !== headers.key),
  "Allow",
  "ETag",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
  "WWW-Authenticate",
  "x-should-retry",
];
