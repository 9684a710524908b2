import { type Dispatcher, request } from "undici";
import { z } from "zod";
import { readBaseUrl } from "./base-url.ts";
import { requestHeaders } from "./request-headers.ts";

/** Longest list that is read, in bytes. */
const LIST_BYTES = 8 * 1024 * 1024;

const listing = z.object({ data: z.array(z.object({ id: z.string().min(1) })) });

/**
 * The models that an upstream lists (`GET {base}/models`), in its order, without those for embeddings. Undefined if no
 * such list comes within `timeout` milliseconds, or if it is longer than {@link LIST_BYTES}.
 */
export async function listModels({
  baseUrl,
  apiKey,
  dispatcher,
  timeout,
}: {
  baseUrl: string;
  apiKey?: string | undefined;
  dispatcher: Dispatcher;
  timeout: number;
}): Promise<string[] | undefined> {
  const { address, search, authorization } = readBaseUrl(baseUrl);
  const headers = requestHeaders(apiKey, authorization);
  try {
    const { statusCode, body } = await request(`${address}/models${search}`, {
      dispatcher,
      headers,
      signal: AbortSignal.timeout(timeout),
    });
    const text = await textOf(body);
    if (statusCode !== 200) return undefined;
    const reply = listing.safeParse(JSON.parse(text));
    if (!reply.success) return undefined;
    return reply.data.data.map(({ id }) => id).filter((id) => !/embed/i.test(id));
  } catch {
    return undefined;
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    if (bytes > LIST_BYTES) throw new Error("the list is too long");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
