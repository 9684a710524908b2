import { type Dispatcher, request } from "undici";
import { z } from "zod";
import { readBaseUrl } from "./base-url.ts";
import { requestHeaders } from "./request-headers.ts";

/** Longest list that is read, in bytes. */
const LIST_BYTES = 8 * 1024 * 1024;

/** An upstream, before it is asked questions. */
export interface Endpoint {
  baseUrl: string;
  apiKey?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  dispatcher?: Dispatcher | undefined;
  /** Milliseconds that a request may take. */
  timeout: number;
}

const listing = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

interface Listing {
  /** In the upstream's order, without those for embeddings. Undefined if no list came. */
  models: string[] | undefined;
  /** Whether a reply came that will not change by itself: any but 429 and 5xx. */
  answered: boolean;
}

/**
 * The models that an upstream lists (`GET {base}/models`). No list that takes longer than `timeout` milliseconds or has more
 * than {@link LIST_BYTES}.
 */
export async function listModels({
  baseUrl,
  apiKey,
  headers: more,
  dispatcher,
  timeout,
}: Endpoint & { dispatcher: Dispatcher }): Promise<Listing> {
  const { address, search, authorization } = readBaseUrl(baseUrl);
  const headers = requestHeaders(apiKey, authorization, more);
  let answered = false;
  try {
    const { statusCode, body } = await request(`${address}/models${search}`, {
      dispatcher,
      headers,
      signal: AbortSignal.timeout(timeout),
    });
    const text = await textOf(body);
    answered = statusCode !== 429 && statusCode < 500;
    const reply = listing.safeParse(statusCode === 200 ? JSON.parse(text) : undefined);
    const models = reply.data?.data.map(({ id }) => id).filter((id) => !/embed/i.test(id));
    return { models, answered };
  } catch {
    return { models: undefined, answered };
  }
}

/** A body as text. Rejects beyond {@link LIST_BYTES}. */
export async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > LIST_BYTES) throw new Error("the list is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
